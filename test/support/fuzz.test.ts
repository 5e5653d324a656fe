import { describe, expect, it } from 'vitest';
import { mutated, REFERENCE_MS, within } from './fuzz.ts';

/** More than a case may take. */
const SLOW_MS = 20 * REFERENCE_MS;

/** Works for so long by the clock of the thread. */
function work(ms: number): void {
  const end = process.threadCpuUsage().user + ms * 1000;
  while (process.threadCpuUsage().user < end);
}

describe('within', () => {
  it('fails for what is slow every time', () => {
    expect(() => {
      within(() => {
        work(SLOW_MS);
      });
    }).toThrow(/^took [\d.]+ times the reference work$/);
  });

  it('passes what is slow once, and what only waits', () => {
    let runs = 0;
    within(() => {
      runs += 1;
      if (runs === 1) work(SLOW_MS);
    });
    expect(runs).toBeGreaterThan(1);
    within(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 80));
  });

  it('passes on what the case throws', () => {
    expect(() => {
      within(() => {
        throw new TypeError('of the case');
      });
    }).toThrow(TypeError);
  });
});

describe('mutated', () => {
  it('spoils a copy, the same for the same seed', () => {
    const value = { type: 'file', hashes: { MD5: 'x' }, names: ['a', 'b'] };
    const given = structuredClone(value);
    const all = Array.from({ length: 100 }, (_, seed) => JSON.stringify(mutated(value, seed)));
    expect(value).toEqual(given);
    expect(Array.from({ length: 100 }, (_, seed) => JSON.stringify(mutated(value, seed)))).toEqual(
      all,
    );
    expect(new Set(all).size).toBeGreaterThan(50);
  });
});
