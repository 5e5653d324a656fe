import { describe, expect, it } from 'vitest';
import { abuse } from './abuse.ts';
import { ABUSE_CONTROLS } from './controls.ts';

const SEED = 20_261_127;
const silent = (): void => undefined;

// How long the well-behaved member waits is judged by the command, on a machine that does nothing else.
describe('a server with a heap of 1 GB that is abused in every known way', () => {
  it('lives, stays within its memory, and loses nothing of a well-behaved member', async () => {
    const outcome = await abuse({ seconds: 40, seed: SEED, tell: silent });
    expect(outcome).toMatchObject({ died: 0, lost: 0 });
    expect(outcome.memoryMaxMb).toBeLessThan(1200);
    expect(outcome.accepted).toBeGreaterThan(100);
    expect(Object.keys(outcome.cases)).toHaveLength(18);
  }, 240_000);

  it('negative control: a server that ends is noticed', async () => {
    const control = ABUSE_CONTROLS['server-ends'];
    const options = { seconds: 2, seed: SEED, only: ['pipelines'], tell: silent, control };
    expect(await abuse(options)).toMatchObject({ died: 1 });
  });
});
