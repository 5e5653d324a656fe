import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLogBounds } from '../../src/log/bounds.ts';
import { explainAccess } from '../../src/reading/access.ts';
import { readBatch } from '../../src/reading/batch.ts';
import { readChanges } from '../../src/reading/changes.ts';
import { readHistory } from '../../src/reading/history.ts';
import {
  metered,
  meteredPages,
  type MemberReading,
  type Meter,
  type PreparedPage,
} from '../../src/reading/metered.ts';
import { readRange } from '../../src/reading/lookup-range.ts';
import { lookUp } from '../../src/reading/lookup.ts';
import { readObject } from '../../src/reading/object.ts';
import { readRelated } from '../../src/reading/related.ts';
import { countFacets, searchObjects } from '../../src/reading/search.ts';
import { readShare, readShares } from '../../src/reading/shares.ts';
import { readStreamPage } from '../../src/reading/stream-pages.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { readerOf } from '../../src/sharing/viewer.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { readingExports, unmetered } from '../support/reading-functions.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** A meter that records its calls. */
function aMeter(waitMs = 0) {
  const recorded: string[] = [];
  const charged: string[] = [];
  const meter: Meter = {
    disclosures: {
      record: ({ reader, door, objects }) => void recorded.push(`${reader} ${door} ${objects}`),
    },
    quota: {
      charge: ({ actor }, objects) => void charged.push(`${actor} ${objects}`),
      take: ({ actor }, objects) => {
        if (waitMs === 0) charged.push(`${actor} ${objects}`);
        return Promise.resolve(waitMs);
      },
    },
  };
  return { meter, recorded, charged };
}

describe('the room', () => {
  it('exports nothing that gives content past a meter', async () => {
    const exported = await readingExports();
    expect(exported.size).toBeGreaterThan(7);
    expect(unmetered(exported)).toEqual([]);
  });

  it.each([
    ['a function', () => []],
    ['an object', { read: () => [] }],
  ])('is red with %s that was made otherwise', async (_, made) => {
    const exported = new Map([...(await readingExports()), ['rumours.ts readRumours', made]]);
    expect(unmetered(exported)).toEqual(['rumours.ts readRumours']);
  });

  it('alone records disclosures', () => {
    const source = join(import.meta.dirname, '../../src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
    const recording = files.filter(
      (file) =>
        file.endsWith('.ts') &&
        /[dD]isclosures\.record\(/.test(readFileSync(join(source, file), 'utf8')),
    );
    expect(recording).toEqual(['reading/metered.ts']);
  });
});

let tocsin: Tocsin;
let alice: Actor;
let reading: Omit<MemberReading, keyof Meter>;
const object = indicator();
beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin, { communities: [slug()] });
  await alice.shares(object);
  await alice.shares(indicator({ pattern: object['pattern'] }));
  reading = { db: tocsin.db, member: await memberOfOrganisation(tocsin.db, alice.slug, 'test') };
});
afterAll(() => tocsin.close());

type Read = (meter: Meter) => Promise<number>;

/** Gives a prepared page to the member. */
function given(page: PreparedPage<unknown>, meter: Meter): number {
  page.give(meter, reading.member);
  return page.objects;
}

/** A call of each function; it resolves to how many objects it gave. */
const CALLS: readonly (readonly [made: object, door: string, read: Read])[] = [
  [
    readChanges,
    'changes',
    async (meter) =>
      (await readChanges({ ...reading, ...meter }, { after: 0, limit: 10 })).rows.length,
  ],
  [
    readObject,
    'objects',
    async (meter) => {
      const input = { stixId: object.id, all: false, modified: undefined };
      return (await readObject({ ...reading, ...meter }, input)).length;
    },
  ],
  [
    readHistory,
    'history',
    async (meter) => (await readHistory({ ...reading, ...meter }, object.id)).length,
  ],
  [
    explainAccess,
    'access',
    async (meter) => {
      const input = { stixId: object.id, organisation: alice.slug };
      return (await explainAccess({ ...reading, ...meter }, input)).length;
    },
  ],
  [
    readShares,
    'shares',
    async (meter) =>
      (await readShares({ ...reading, ...meter }, { after: '', limit: 10 })).shares.length,
  ],
  [
    readShare,
    'shares',
    async (meter) => (await readShare({ ...reading, ...meter }, object.id)).length,
  ],
  [
    searchObjects,
    'search',
    async (meter) => {
      const way = { newest: true, collapse: false, after: undefined, limit: 10 };
      const input = { filter: {}, ...way, now: new Date() };
      return (await searchObjects({ ...reading, ...meter }, input)).rows.length;
    },
  ],
  [
    lookUp,
    'lookup',
    async (meter) => {
      const [, value = ''] = /'(.*)'/.exec(String(object['pattern'])) ?? [];
      const options = { modes: new Set(['exact'] as const), subdomains: false };
      const input = { values: [{ value }], options, now: new Date() };
      const results = await lookUp({ ...reading, ...meter }, input);
      return results.flatMap(({ hits }) => hits).length;
    },
  ],
  [
    readRange,
    'lookup',
    async (meter) => {
      const input = { prefix: '0', now: new Date() };
      return (await readRange({ ...reading, ...meter }, input)).entries.length;
    },
  ],
  [
    countFacets,
    'facets',
    async (meter) => {
      const input = { filter: {}, fields: ['type'] as const, now: new Date() };
      return (await countFacets({ ...reading, ...meter }, input)).counted;
    },
  ],
  [
    readRelated,
    'related',
    async (meter) => {
      const input = { stixId: object.id, after: undefined, limit: 10, now: new Date() };
      return (await readRelated({ ...reading, ...meter }, input)).rows.length;
    },
  ],
  [
    readStreamPage,
    'stream',
    async (meter) => {
      const request = { after: 0, limit: 10 };
      const { db, member } = reading;
      const made = await readStreamPage(db, member.viewer, request, () => Promise.resolve(''));
      return given(made, meter);
    },
  ],
  [
    readBatch,
    'webhook',
    async (meter) => {
      const { db, member } = reading;
      const request = { after: 0, limit: 10, upTo: (await findLogBounds(db)).head };
      const made = await readBatch(db, readerOf(member.viewer), request, (part) => part.whole());
      return given(made, meter);
    },
  ],
];

describe('a function of the room', () => {
  it('is called here, whichever it is', async () => {
    const functions = [...(await readingExports()).values()].filter(
      (value) => typeof value === 'function',
    );
    expect(new Set(CALLS.map(([made]) => made))).toEqual(new Set(functions));
  });

  it.each(CALLS)('%o records under %s what it gives, and charges for it', async (_, door, read) => {
    const { meter, recorded, charged } = aMeter();
    const objects = await read(meter);
    expect(objects).toBeGreaterThan(0);
    expect(recorded).toEqual([`${reading.member.actor} ${door} ${objects}`]);
    expect(charged).toEqual([`${reading.member.actor} ${objects}`]);
  });

  it('records and charges nothing where it finds nothing', async () => {
    const read = metered<undefined, never>(
      'nowhere',
      () => Promise.reject(new Error('not found')),
      () => ({ objects: 1 }),
    );
    const { meter, recorded, charged } = aMeter();
    await expect(read({ ...reading, ...meter }, undefined)).rejects.toThrow('not found');
    expect([...recorded, ...charged]).toEqual([]);
  });
});

describe('a prepared page', () => {
  const prepare = meteredPages<undefined, number, undefined>(
    'stream',
    async (_, __, objects, make) => ({ page: await make(undefined), objects, next: 7, more: true }),
  );
  const pageOf = (objects: number) =>
    prepare(tocsin.db, undefined, objects, () => Promise.resolve('page'));

  it('is given to nobody until somebody is charged for it, and to each by itself', async () => {
    const page = await pageOf(3);
    const { meter, recorded, charged } = aMeter();
    expect(recorded).toEqual([]);
    expect(page.give(meter, { ...reading.member, actor: 'key a' })).toBe('page');
    expect(await page.giveWithinQuota(meter, { ...reading.member, actor: 'key b' })).toBe('page');
    expect(recorded).toEqual(['key a stream 3', 'key b stream 3']);
    expect(charged).toEqual(['key a 3', 'key b 3']);
  });

  it('is not given, nor recorded, while the quota is used up', async () => {
    const page = await pageOf(3);
    const { meter, recorded, charged } = aMeter(250);
    expect(await page.giveWithinQuota(meter, reading.member)).toEqual({ waitMs: 250 });
    expect([...recorded, ...charged]).toEqual([]);
  });

  it('without objects waits for no quota', async () => {
    const page = await pageOf(0);
    const { meter, charged } = aMeter(250);
    expect(await page.giveWithinQuota(meter, reading.member)).toBe('page');
    expect(charged).toEqual([]);
  });
});
