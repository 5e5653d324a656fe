import { describe, expect, it } from 'vitest';
import { CONTROLS, holds } from './controls.ts';
import { torture } from './torture.ts';

const SEED = 20_261_123;

describe('Tocsin under random kills', () => {
  it(
    'loses, skips and leaks nothing, and leaves no request half done',
    { timeout: 150_000 },
    async () => {
      const outcome = await torture({
        seconds: 10,
        seed: SEED,
        quietSeconds: 60,
        tell: () => undefined,
        interrupt: new AbortController().signal,
      });
      const { lost, skipped, leaked, halfDone, stuck } = outcome;
      expect({ lost, skipped, leaked, halfDone, stuck }).toEqual({
        lost: [],
        skipped: [],
        leaked: [],
        halfDone: [],
        stuck: [],
      });
      expect(outcome.accepted).toBeGreaterThan(20);
      expect(outcome.delivered).toBeGreaterThan(outcome.accepted);
      expect(Object.values(outcome.kills).filter((times) => times > 0).length).toBeGreaterThan(3);
    },
  );
});

describe('the checker', () => {
  it.each(Object.keys(CONTROLS))('fails for %s, and not beside it', async (name) => {
    const controlled = await CONTROLS[name]?.({ seconds: 3, seed: SEED });
    expect(controlled && holds(controlled), JSON.stringify(controlled?.right)).toBe(true);
  });
});
