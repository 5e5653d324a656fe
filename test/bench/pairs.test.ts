/** What a bench makes of its pairs. */
import { describe, expect, it } from 'vitest';
import { comparisons } from '../../bench/against.ts';
import { judge } from '../../bench/measurement.ts';
import { median, runPairs, summarise, PAIRS } from '../../bench/pairs.ts';

const part = (objects: number, seconds: number) => ({ objects, seconds });

describe('pairs of a run and its floor', () => {
  it('take turns', async () => {
    const order: string[] = [];
    await runPairs(
      (pair) => Promise.resolve((order.push(`run ${pair}`), part(1, 1))),
      (_, pair) => Promise.resolve((order.push(`floor ${pair}`), part(1, 1))),
    );
    expect(order).toEqual(
      Array.from({ length: PAIRS }, (_, i) => [`run ${i}`, `floor ${i}`]).flat(),
    );
  });

  it('give the median of their own ratios, not the ratio of the sums', () => {
    const runs = [part(100, 1), part(100, 10), part(100, 2)];
    const floors = [part(100, 0.5), part(100, 5), part(100, 1)];
    expect(summarise(runs, floors)).toMatchObject({ ratio: 0.5, ratioMin: 0.5, ratioMax: 0.5 });
  });

  it('say how far they lie apart', () => {
    const runs = [part(100, 1), part(100, 1), part(100, 1)];
    const floors = [part(100, 0.2), part(100, 0.5), part(100, 0.8)];
    expect(summarise(runs, floors)).toMatchObject({ ratio: 0.5, ratioMin: 0.2, ratioMax: 0.8 });
  });

  it('mean nothing without a floor each', () => {
    expect(() => summarise([part(1, 1)], [])).toThrow('No pairs');
  });
});

describe('a measurement', () => {
  const measured = { bench: 'x', objects: 1, seconds: 1, perSecond: 1, ran: '', ratio: 0.5 };

  it('whose pairs lie too far apart is noisy, whatever its median', () => {
    expect(judge({ ...measured, ratioMin: 0.2, ratioMax: 0.8 }, { ratio: 0.4 }).verdict).toBe(
      'noisy',
    );
    expect(judge({ ...measured, ratioMin: 0.4, ratioMax: 0.6 }, { ratio: 0.4 }).verdict).toBe(
      'reached',
    );
  });

  it('misses its target when one pair falls short of the least ratio', () => {
    const target = { ratio: 0.4, ratioMin: 0.45 };
    expect(judge({ ...measured, ratioMin: 0.4, ratioMax: 0.6 }, target).verdict).toBe('missed');
  });
});

it('the median of an even number is between the two in the middle', () => {
  expect(median([1, 9, 3, 5])).toBe(4);
  expect(median([3, 1, 2])).toBe(2);
});

describe('two trees', () => {
  const row = (perSecond: number, p99Ms: number) => ({ bench: 'x', ran: 'r', perSecond, p99Ms });

  it('are compared row by row and pair by pair', () => {
    const pairs = [
      [[row(100, 10)], [row(50, 20)]],
      [[row(90, 10)], [row(90, 10)]],
      [[row(30, 30)], [row(10, 10)]],
    ] as const;
    expect(comparisons(pairs, 'v1')).toEqual([
      {
        bench: 'x',
        row: 'r',
        against: 'v1',
        perSecond: 90,
        againstPerSecond: 50,
        ratio: 2,
        ratioMin: 1,
        ratioMax: 3,
        p99Ratio: 1,
      },
    ]);
  });

  it('with other rows are not compared', () => {
    expect(() => comparisons([[[row(1, 1)], []]], 'v1')).toThrow('other rows');
  });
});
