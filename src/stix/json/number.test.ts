import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRepresentable } from './number.ts';

describe('isRepresentable', () => {
  it.each([
    ['48.856614000000001', true],
    ['48.856614', true],
    ['4.8856614000000001e1', true],
    ['-0.10000000000000001', true],
    ['0.1000000000000000055511151231257827021181583404541015625', true],
    ['9007199254740992.0', true],
    ['0.000', true],
    ['48.8566140000000012', false],
    ['0.10000000000000000000001', false],
    ['9007199254740993', false],
    ['12345678901234567890', false],
    [`0.1${'0'.repeat(200)}1`, false],
    ['1e400', false],
    ['1.2345678901234567e-315', false],
    ['123456789012345678.5', false],
    ['-1e-400', false],
  ])('%s: %s', (source, expected) => {
    expect(isRepresentable(source)).toBe(expected);
  });

  it('accepts every double, printed with 17 digits or more', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        for (const digits of [17, 18, 25]) {
          expect(isRepresentable(double.toPrecision(digits))).toBe(true);
        }
        expect(isRepresentable(JSON.stringify(double))).toBe(true);
      }),
    );
  });
});
