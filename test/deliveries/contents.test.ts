import { expect, it } from 'vitest';
import { createSharedContents } from '../../src/deliveries/contents.ts';
import type { LogRow } from '../../src/store/log.ts';

function row(seq: number, content: string | null): LogRow {
  const kind = content === null ? 'withdraw' : 'put';
  return { seq, kind, stixId: `x--${seq}`, content, addedMicros: seq };
}
const bare = (rows: readonly LogRow[]) => rows.map((one) => ({ ...one, content: null }));

it('gives what was kept to who has exactly the same rows, and to nobody else', () => {
  const shared = createSharedContents();
  const rows = [row(1, '{"a":1}'), row(2, null), row(4, '{"b":2}')];
  expect(shared.hasAfter(0)).toBe(false);
  expect(shared.keep(0, rows).toString()).toBe('{"a":1},{"b":2}');
  expect(shared.hasAfter(0)).toBe(true);
  expect(shared.find(0, bare(rows))?.toString()).toBe('{"a":1},{"b":2}');
  expect(shared.find(0, bare(rows.slice(0, 2)))).toBeUndefined();
  expect(shared.find(0, bare([...rows, row(5, '{}')]))).toBeUndefined();
  expect(shared.find(1, bare(rows))).toBeUndefined();
});

it('forgets what was not used for longest, and its place with it', () => {
  const shared = createSharedContents(20);
  const [first, second, third] = [0, 10, 20].map((place) => ({
    place,
    rows: [row(place + 1, '"12345678"')],
  }));
  if (!first || !second || !third) throw new Error('three');
  shared.keep(first.place, first.rows);
  shared.keep(second.place, second.rows);
  expect(shared.find(first.place, bare(first.rows))).toBeDefined();
  shared.keep(third.place, third.rows);
  expect(shared.find(second.place, bare(second.rows))).toBeUndefined();
  expect(shared.hasAfter(second.place)).toBe(false);
  expect(shared.find(first.place, bare(first.rows))).toBeDefined();
});
