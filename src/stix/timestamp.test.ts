import { describe, expect, it } from 'vitest';
import { comparableTimestamp, microsecondsBetween, isTimestamp } from './timestamp.ts';

const NO_TIMESTAMPS = [
  '',
  '2024-01-01',
  '2023-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2024-04-31T00:00:00Z',
  '2024-00-01T00:00:00Z',
  '2024-13-01T00:00:00Z',
  '2024-01-00T00:00:00Z',
  '2024-01-32T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '2024-01-01T24:00:00Z',
  '2024-01-01T00:60:00Z',
  '2024-01-01T00:00:61Z',
  '2024-01-01T22:59:60Z',
  '2024-01-01T23:58:60Z',
  '2024-01-01T00:00:00',
  '2024-01-01T00:00:00.Z',
  '2024-01-01T00:00:00.1',
  '2024-01-01T00:00:00.1x2Z',
  '2024-01-01T00:00:00,123Z',
  '2024-01-01t00:00:00Z',
  '2024-01-01T00:00:00z',
  '2024-01-01 00:00:00Z',
  '2024-01-01T00:00:00+00:00',
  '2024/01/01T00:00:00Z',
  '2024-01-01T00.00.00Z',
  ' 2024-01-01T00:00:00Z',
  '2024-01-01T00:00:00Z ',
  '2o24-01-01T00:00:00Z',
  '12024-01-01T00:00:00Z',
  '-024-01-01T00:00:00Z',
];

describe('comparableTimestamp', () => {
  it.each([
    ['2024-02-29T12:30:45Z', '2024-02-29T12:30:45.000000Z'],
    ['2000-02-29T00:00:00.1Z', '2000-02-29T00:00:00.100000Z'],
    ['2024-12-31T23:59:59.123456Z', '2024-12-31T23:59:59.123456Z'],
    ['2024-12-31T23:59:59.123456789Z', '2024-12-31T23:59:59.123456Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    ['9999-12-31T23:59:59.9999999Z', '9999-12-31T23:59:59.999999Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.999999Z'],
    ['2016-12-31T23:59:60.25Z', '2016-12-31T23:59:59.999999Z'],
  ])('%s is %s', (text, comparable) => {
    expect(comparableTimestamp(text)).toBe(comparable);
    expect(isTimestamp(text)).toBe(true);
  });

  it.each(NO_TIMESTAMPS)('%j is not a timestamp', (text) => {
    expect(comparableTimestamp(text)).toBeUndefined();
  });

  it('sorts as time does', () => {
    const times = ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000001Z', '2024-01-01T00:00:00.1Z'];
    const comparable = times.map((time) => comparableTimestamp(time) ?? '');
    expect(comparable.toSorted()).toEqual(comparable);
    expect(new Set(comparable).size).toBe(3);
  });
});

describe('microsecondsBetween', () => {
  it.each([
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000001Z', 1],
    ['2024-01-01T00:00:00.123456Z', '2024-01-01T00:00:00.123Z', -456],
    ['2023-12-31T23:59:59.999999Z', '2024-01-01T00:00:00.0000019Z', 2],
    ['2024-02-28T00:00:00Z', '2024-03-01T00:00:00Z', 2 * 86_400_000_000],
    ['2024-01-01', '2024-01-01T00:00:00Z', Number.NaN],
  ])('from %s to %s is %d', (earlier, later, microseconds) => {
    expect(microsecondsBetween(earlier, later)).toBe(microseconds);
  });
});
