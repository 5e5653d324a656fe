import { expect, it } from 'vitest';
import { createSharedContents, type PartReader } from '../../src/deliveries/contents.ts';
import type { LogRow } from '../../src/store/log.ts';

/** Where a page that ends nowhere in particular ends. */
const END = { next: 99, more: false };

function row(seq: number, content: string | null): LogRow {
  const kind = content === null ? 'withdraw' : 'put';
  return { seq, kind, stixId: `x--${seq}`, content, addedMicros: seq };
}

/** A reader that tells how it was asked. */
function reading(rows: readonly LogRow[]): PartReader & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    places: () => {
      asked.push('places');
      return Promise.resolve({ ...END, rows: rows.map(({ seq }) => seq) });
    },
    whole: () => {
      asked.push('whole');
      return Promise.resolve({ ...END, rows });
    },
  };
}

it('serves who has exactly the same rows, and reads anew for everybody else', async () => {
  const shared = createSharedContents();
  const rows = [row(1, '{"a":1}'), row(2, null), row(4, '{"b":2}')];
  const first = reading(rows);
  expect((await shared.read(0, first)).contents.toString()).toBe('{"a":1},{"b":2}');
  expect(first.asked).toEqual(['whole']);
  const same = reading(rows);
  const served = await shared.read(0, same);
  expect(served.contents.toString()).toBe('{"a":1},{"b":2}');
  expect(served.rows.map(({ seq, kind }) => `${seq} ${kind}`)).toEqual([
    '1 put',
    '2 withdraw',
    '4 put',
  ]);
  expect(same.asked).toEqual(['places']);
  const fewer = reading(rows.slice(0, 2));
  expect((await shared.read(0, fewer)).contents.toString()).toBe('{"a":1}');
  expect(fewer.asked).toEqual(['places', 'whole']);
  const elsewhere = reading(rows);
  await shared.read(1, elsewhere);
  expect(elsewhere.asked).toEqual(['whole']);
});

it.each([
  ['contents', '"12345678"'],
  ['withdrawals alone', null],
])('forgets what was not used for longest, %s', async (_, content) => {
  // Room for two pages of one row.
  const shared = createSharedContents(1100);
  const at = (place: number) => reading([row(place + 1, content)]);
  await shared.read(0, at(0));
  await shared.read(10, at(10));
  await shared.read(0, at(0));
  await shared.read(20, at(20));
  const [kept, dropped] = [at(0), at(10)];
  await shared.read(0, kept);
  await shared.read(10, dropped);
  expect([kept.asked, dropped.asked]).toEqual([['places'], ['whole']]);
});

it('reads once for all who come at the same time, unless that fails', async () => {
  const shared = createSharedContents();
  const readers = [1, 2, 3].map(() => reading([row(8, '{}')]));
  const pages = await Promise.all(readers.map((reader) => shared.read(7, reader)));
  expect(pages.map(({ contents }) => contents.toString())).toEqual(['{}', '{}', '{}']);
  expect(readers.map(({ asked }) => asked)).toEqual([['whole'], ['places'], ['places']]);
  const away = {
    places: () => Promise.reject(new Error()),
    whole: () => Promise.reject(new Error('away')),
  };
  const failing = shared.read(9, away);
  const next = reading([row(10, '{}')]);
  const waiting = shared.read(9, next);
  await expect(failing).rejects.toThrow('away');
  await waiting;
  expect(next.asked).toEqual(['whole']);
});

it('keeps nothing of what was read before something was taken away', async () => {
  const shared = createSharedContents();
  const rows = [row(1, '{"a":1}')];
  await shared.read(0, reading(rows));
  shared.forget();
  const after = reading(rows);
  await shared.read(0, after);
  expect(after.asked).toEqual(['whole']);
  // Nor of what was being read when it was.
  const slow = reading(rows);
  const { whole } = slow;
  slow.whole = () => {
    shared.forget();
    return whole();
  };
  await shared.read(5, slow);
  const next = reading(rows);
  await shared.read(5, next);
  expect(next.asked).toEqual(['whole']);
});
