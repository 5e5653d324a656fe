import { describe, expect, it } from 'vitest';
import { mayHold, type Division } from '../../src/http/edge/division.ts';

const MEBIBYTE = 1024 * 1024;
const BYTES: Division = {
  total: 512 * MEBIBYTE,
  perOrganisation: 128 * MEBIBYTE,
  reserve: 64 * MEBIBYTE,
};
const STREAMS: Division = { total: 4000, perOrganisation: 2000, unit: 1 };

/** What the next can have once these many have taken as much as they can, in steps. */
function leftAfter(greedy: number, division: Division, step: number): number {
  const held = Array.from({ length: greedy + 1 }, () => 0);
  const sum = () => held.reduce((all, one) => all + one, 0);
  for (const [index] of held.entries()) {
    const mine = () => held[index] ?? 0;
    while (mayHold(division, { held: mine() + step, others: sum() - mine() })) {
      held[index] = mine() + step;
    }
  }
  return held.at(-1) ?? 0;
}

describe('organisations that act together leave something to the next:', () => {
  it.each([1, 2, 4])('%i of them, a page of changes or more, and streams', (greedy) => {
    // A page of 8 MiB takes three times as much while it is made.
    expect(leftAfter(greedy, BYTES, MEBIBYTE)).toBeGreaterThanOrEqual(24 * MEBIBYTE);
    expect(leftAfter(greedy, STREAMS, 1)).toBeGreaterThanOrEqual(100);
  });

  it('however many they are, at least one slot while there is any', () => {
    expect(leftAfter(11, STREAMS, 1)).toBeGreaterThanOrEqual(1);
  });

  it('and the rule would tell: with shares alone, two of half each leave nothing', () => {
    const shares = { total: 4000, perOrganisation: 2000 };
    const others = 4000;
    expect(mayHold(shares, { held: 1, others })).toBe(false);
    expect(mayHold({ ...shares, perOrganisation: 4000 }, { held: 2000, others: 2000 })).toBe(true);
    expect(mayHold(STREAMS, { held: 2000, others: 2000 })).toBe(false);
  });
});

it('one that is alone may have its whole limit, and no more', () => {
  const division = { total: 4, perOrganisation: 3 };
  expect(mayHold(division, { held: 3, others: 0 })).toBe(true);
  expect(mayHold(division, { held: 4, others: 0 })).toBe(false);
});
