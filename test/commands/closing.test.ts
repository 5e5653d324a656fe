import { expect, it } from 'vitest';
import { closeAll, type Part } from '../../src/commands/closing.ts';

it('every part is closed, whatever became of those before it', async () => {
  const closed: string[] = [];
  const good = (name: string): Part => ({
    close: () => Promise.resolve(void closed.push(name)),
  });
  const bad = (name: string): Part => ({ close: () => Promise.reject(new Error(name)) });
  const closing = closeAll([bad('worker'), good('app')], [bad('audit')], [good('database')]);
  await expect(closing).rejects.toMatchObject({
    errors: [new Error('worker'), new Error('audit')],
  });
  expect(closed).toEqual(['app', 'database']);
});
