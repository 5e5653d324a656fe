import { expect, it } from 'vitest';
import { createSharedContents } from '../../src/deliveries/contents.ts';
import type { LogRow } from '../../src/store/log.ts';

function row(seq: number, content: string | null): LogRow {
  const kind = content === null ? 'withdraw' : 'put';
  return { seq, kind, stixId: `x--${seq}`, content, addedMicros: seq };
}
const bare = (rows: readonly LogRow[]) => rows.map((one) => ({ ...one, content: null }));

it('gives what was kept to who has exactly the same rows, and to nobody else', async () => {
  const shared = createSharedContents();
  const rows = [row(1, '{"a":1}'), row(2, null), row(4, '{"b":2}')];
  expect(await shared.hasAfter(0)).toBe(false);
  expect(shared.keep(0, rows).toString()).toBe('{"a":1},{"b":2}');
  expect(await shared.hasAfter(0)).toBe(true);
  expect(shared.find(0, bare(rows))?.toString()).toBe('{"a":1},{"b":2}');
  expect(shared.find(0, bare(rows.slice(0, 2)))).toBeUndefined();
  expect(shared.find(0, bare([...rows, row(5, '{}')]))).toBeUndefined();
  expect(shared.find(1, bare(rows))).toBeUndefined();
});

it('forgets what was not used for longest, and its place with it', async () => {
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
  expect(await shared.hasAfter(second.place)).toBe(false);
  expect(shared.find(first.place, bare(first.rows))).toBeDefined();
});

it('lets others at a place wait for who reads there, whether or not he succeeds', async () => {
  const shared = createSharedContents();
  const read = Promise.withResolvers<void>();
  const reading = shared.while(
    7,
    read.promise.then(() => shared.keep(7, [row(8, '{}')])),
  );
  const other = shared.hasAfter(7);
  read.resolve();
  expect(await other).toBe(true);
  expect((await reading).toString()).toBe('{}');
  const failing = shared.while(9, Promise.reject(new Error('away')));
  const waiting = shared.hasAfter(9);
  await expect(failing).rejects.toThrow('away');
  expect(await waiting).toBe(false);
});
