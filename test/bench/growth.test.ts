import { expect, it } from 'vitest';
import { growth } from '../../bench/growth.ts';

const missing = (): string => 'Only 1 of 2 objects arrived';

it('a bench continues when what it waits for has grown', async () => {
  const grown = new EventTarget();
  const waiting = growth(grown, missing);
  grown.dispatchEvent(new Event('grown'));
  await expect(waiting).resolves.toBeUndefined();
});

it('a bench ends, and says what is missing, when nothing comes any more', async () => {
  await expect(growth(new EventTarget(), missing, 1)).rejects.toThrow(missing());
});
