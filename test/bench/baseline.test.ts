import { describe, expect, it } from 'vitest';
import { againstBaseline, readBaseline, rowName } from '../../bench/baseline.ts';
import type { Measurement } from '../../bench/measurement.ts';

const ROW: Measurement = {
  bench: 'latency',
  objects: 1,
  seconds: 1,
  perSecond: 1,
  postsPerSecond: 50,
  objectsPerPost: 1,
  subscribers: 20,
  ran: '',
};

describe('the baseline', () => {
  it('names a row by its bench and its load', () => {
    expect(rowName(ROW)).toBe('latency 50 1 20');
    expect(rowName({ ...ROW, bench: 'growth', operation: 'get' })).toBe('growth get 50 1 20');
  });

  it('gives each ratio as a multiple of the one before, and nothing for what it does not have', () => {
    const baseline = { 'latency 50 1 20': { ratio: 0.5 } };
    expect(againstBaseline({ ...ROW, ratio: 0.6, othersP99Ratio: 1 }, baseline)).toEqual({
      ratio: 1.2,
    });
    expect(againstBaseline({ ...ROW, ratio: 0.6 }, {})).toEqual({});
  });

  it('is committed, with ratios only', async () => {
    const rows = Object.values(await readBaseline());
    expect(rows.length).toBeGreaterThan(0);
    for (const ratio of rows.flatMap((row) => Object.values(row))) expect(ratio).toBeGreaterThan(0);
  });
});
