import { expect, it } from 'vitest';
import { createSharedContents, type PartReader } from '../../src/deliveries/contents.ts';
import { TLP_2_IDS } from '../../src/stix/marking/tlp.ts';
import type { LogRow } from '../../src/sharing/log-row.ts';

/** Where a page that ends nowhere in particular ends. */
const END = { next: 99, more: false };

const AS_POSTED = { realm: 'production', asPosted: true };

function row(seq: number, content: string | null, tlp = 2, sharers: string[] = []): LogRow {
  const kind = content === null ? 'withdraw' : 'put';
  const level = content === null ? null : tlp;
  const facts = { seq, kind, stixId: `x--${seq}`, content, addedMicros: seq } as const;
  return { ...facts, tlp: level, referencesAt: null, sharers };
}

/** A reader that tells how it was asked. */
function reading(rows: readonly LogRow[], form = AS_POSTED): PartReader & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    form,
    end: () => Promise.resolve(undefined),
    places: () => {
      asked.push('places');
      return Promise.resolve({ ...END, rows });
    },
    whole: () => {
      asked.push('whole');
      return Promise.resolve({ ...END, rows });
    },
  };
}

it('serves readers with exactly the same rows, and reads again for everybody else', async () => {
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
  const shared = createSharedContents(1300);
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
    form: AS_POSTED,
    end: () => Promise.resolve(undefined),
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

it('forgets what was read before a deletion', async () => {
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

it('serves nobody what was made for another level, another knowledge of the sharer or another form', async () => {
  const shared = createSharedContents();
  const told = (tlp: number, sharers: string[], asPosted = true) =>
    reading([row(1, '{"a":1}', tlp, sharers)], { ...AS_POSTED, asPosted });
  const first = await shared.read(0, told(1, ['cert-a']));
  expect(first.contexts.toString()).toContain('"tlp":"green","sharers":["cert-a"]');
  const digests = [first.digest];
  for (const other of [told(3, ['cert-a']), told(1, []), told(1, ['cert-a'], false)]) {
    const part = await shared.read(0, other);
    expect(other.asked.at(-1)).toBe('whole');
    digests.push(part.digest);
  }
  const same = told(1, ['cert-a']);
  expect((await shared.read(0, same)).digest).toBe(first.digest);
  expect(same.asked).toEqual(['places']);
  expect(new Set(digests).size).toBe(4);
});

it('adds the definition of each level once, unless it is among the objects', async () => {
  const shared = createSharedContents();
  const form = { realm: 'production', asPosted: false };
  const rows = [row(1, '{"a":1}', 1), row(2, '{"b":1}', 3), row(3, '{"c":1}', 1)];
  const { contents } = await shared.read(0, reading(rows, form));
  const objects = JSON.parse(`[${contents.toString()}]`) as { name?: string }[];
  expect(objects.map(({ name }) => name)).toEqual([
    undefined,
    undefined,
    undefined,
    'TLP:GREEN',
    'TLP:AMBER+STRICT',
  ]);
  const posted = { ...row(4, JSON.stringify(objects[3]), 2), stixId: TLP_2_IDS.green };
  const { contents: alone } = await shared.read(3, reading([row(3, '{"c":1}', 1), posted], form));
  expect(alone.toString().match(/"name":"TLP:/g)).toHaveLength(1);
  expect((await shared.read(0, reading(rows))).contents.toString()).not.toContain('TLP:');
});
