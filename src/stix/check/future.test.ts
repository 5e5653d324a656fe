import { describe, expect, it } from 'vitest';
import { changedExample } from '../example-objects.ts';
import { adviseOnFuture } from './future.ts';
import type { StixObject } from '../object.ts';

const NOW = new Date('2026-03-01T12:00:00.500Z');

const told = (type: string, changes: Record<string, unknown>): string[] =>
  adviseOnFuture(changedExample(type, changes) as StixObject, NOW).map(
    ({ code, path }) => `${code} ${path}`,
  );

describe('adviseOnFuture', () => {
  it.each([
    ['2026-03-01T12:00:00.500Z', []],
    ['2026-03-02T12:00:00.500Z', []],
    ['2026-03-02T12:00:00.500001Z', ['modified_in_future $.modified']],
    ['9999-12-31T23:59:60Z', ['modified_in_future $.modified']],
  ])('modified %s: %j', (modified, warnings) => {
    expect(told('identity', { modified })).toEqual(warnings);
  });

  it('reads created of a marking definition, and nothing of an object without versions', () => {
    const created = '2027-01-01T00:00:00.000Z';
    expect(told('marking-definition', { created })).toEqual(['modified_in_future $.created']);
    expect(told('url', { modified: created })).toEqual([]);
  });
});
