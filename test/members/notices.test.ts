import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { announceEndings } from '../../src/members/notices.ts';
import { openDatabase } from '../../src/store/postgres/database.ts';
import { anActor, keyOf, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const DAY_MS = 24 * 60 * 60_000;

let tocsin: Tocsin;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

interface Notice {
  type: string;
  organisation: string;
  subject: string;
  days: number;
  ends_at: string;
  noticed_at: string | null;
}

/** The moment so many days, and some minutes, before `end`. */
function before(end: Date, days: number, minutes = 0): Date {
  return new Date(end.getTime() - days * DAY_MS - minutes * 60_000);
}

/** An organisation whose agreement has run for 100 days and ends then. */
async function ending(at: Date): Promise<Actor> {
  const actor = await anActor(tocsin);
  await tocsin.sql(
    `update agreement set valid_from = now() - interval '100 days', valid_until = $2
     where organisation_id = (select id from organisation where slug = $1)`,
    [actor.slug, at],
  );
  return actor;
}

async function announced(now: Date, about: Actor): Promise<number[]> {
  const found = await announceEndings(tocsin.db, now);
  return found.filter((one) => one.organisation === about.slug).map(({ days }) => days);
}

async function told(who: Actor, about: Actor): Promise<Notice[]> {
  const { body } = await who.sends('get', '/notices').expect(200);
  const { notices } = body as { notices: Notice[] };
  return notices.filter(({ organisation }) => organisation === about.slug);
}

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

describe('the end of an agreement', () => {
  it('is announced 30, 7 and 1 days ahead, on the minute, each once', async () => {
    const end = inDays(90);
    const alice = await ending(end);
    const found = [];
    for (const [days, minutes] of [
      [30, 1],
      [30, 0],
      [30, 0],
      [8, 0],
      [7, 1],
      [7, 0],
      [1, 1],
      [1, 0],
      [0, 1],
      [0, 0],
    ] as const) {
      found.push(await announced(before(end, days, minutes), alice));
    }
    expect(found).toEqual([[], [30], [], [], [], [7], [], [1], [], []]);
  });

  it('is announced for the nearest threshold alone where several were missed', async () => {
    const end = inDays(90);
    const alice = await ending(end);
    expect(await announced(before(end, 3), alice)).toEqual([7]);
    expect(await announced(before(end, 2), alice)).toEqual([]);
  });

  it('is announced once by however many processes', async () => {
    const end = inDays(90);
    const alice = await ending(end);
    const others = Array.from({ length: 4 }, () =>
      openDatabase({ url: tocsin.databaseUrl, poolMax: 2, onError: () => undefined }),
    );
    try {
      const at = before(end, 7);
      const looks = [...others, ...others, ...others].map((db) => announceEndings(db, at));
      const found = (await Promise.all(looks)).flat();
      const about = found.filter(({ organisation }) => organisation === alice.slug);
      expect(about.map(({ days }) => days)).toEqual([7]);
    } finally {
      await Promise.all(others.map((db) => db.close()));
    }
  });

  it('is not where another follows in time, and not any more once one does', async () => {
    const end = inDays(6);
    const [alice, bob] = [await ending(end), await ending(end)];
    const follow = (who: Actor, from: Date) =>
      tocsin.sql(
        `insert into agreement (organisation_id, community_id, title, tlp_ceiling, valid_from)
         select organisation_id, community_id, title, tlp_ceiling, $2 from agreement
         where organisation_id = (select id from organisation where slug = $1)`,
        [who.slug, from],
      );
    await follow(alice, end);
    const now = new Date();
    expect(await announced(now, alice)).toEqual([]);
    expect(await told(alice, alice)).toEqual([]);
    expect(await told(bob, bob)).toHaveLength(1);
    await follow(bob, new Date(end.getTime() + 60_000));
    expect(await told(bob, bob)).toHaveLength(1);
    await follow(bob, end);
    expect(await told(bob, bob)).toEqual([]);
  });

  it('is shown to the admin and to the organisation, with what and when', async () => {
    const end = inDays(6);
    const [alice, bob] = [await ending(end), await anActor(tocsin)];
    await announceEndings(tocsin.db, new Date());
    const notice = { type: 'agreement.expiring', days: 7, ends_at: end.toISOString() };
    for (const who of [admin, alice]) {
      expect(await told(who, alice)).toMatchObject([notice]);
    }
    expect(await told(bob, alice)).toEqual([]);
    await (await alice.as('publisher')).sends('get', '/notices').expect(403);
    await alice.sends('get', '/notices').expect(200);
  });
});

it.each([0.5, 3, 13, 29.9])('lists at once what is created to end in %d days', async (days) => {
  const [alice, end] = [await anActor(tocsin), inDays(days)];
  await tocsin.sql(
    `update agreement set valid_from = now(), valid_until = $2
     where organisation_id = (select id from organisation where slug = $1)`,
    [alice.slug, end],
  );
  await keyOf(tocsin, alice.slug, 'feed', end);
  const found = await told(alice, alice);
  expect(found.map(({ type }) => type)).toEqual(['agreement.expiring', 'key.expiring']);
  const within = days < 1 ? 1 : days < 7 ? 7 : 30;
  expect(new Set(found.map((one) => one.days))).toEqual(new Set([within]));
});

it('does not list what ends later than in 30 days', async () => {
  const alice = await ending(inDays(30.1));
  await keyOf(tocsin, alice.slug, 'feed', inDays(30.1));
  expect(await told(alice, alice)).toEqual([]);
});

describe('the end of a key', () => {
  const aKey = async (who: Actor, role: 'feed' | 'admin', end: Date): Promise<string> => {
    const id = (await keyOf(tocsin, who.slug, role, end)).split('_')[1] ?? '';
    await tocsin.sql(`update api_key set created_at = now() - interval '100 days' where id = $1`, [
      id,
    ]);
    return id;
  };

  it('is announced and listed alike, but not of one that is rotated or revoked', async () => {
    const end = inDays(6);
    const alice = await anActor(tocsin);
    const plain = await aKey(alice, 'feed', end);
    const rotated = await aKey(alice, 'feed', end);
    const rotation = await alice.sends('post', `/keys/${rotated}/rotate`).send({}).expect(201);
    const { id: successor } = rotation.body as { id: string };
    const revoked = await aKey(alice, 'feed', end);
    await alice.sends('delete', `/keys/${revoked}`);
    const brief = (await keyOf(tocsin, alice.slug, 'feed', end)).split('_')[1] ?? '';
    await announceEndings(tocsin.db, new Date());
    const listed = async () =>
      (await told(alice, alice))
        .map(({ subject, days, noticed_at: at }) => `${subject} ${days} ${at !== null}`)
        .toSorted();
    expect(await listed()).toEqual(
      [`${plain} 7 true`, `${brief} 7 false`, `${successor} 7 false`].toSorted(),
    );
    await announceEndings(tocsin.db, before(end, 1));
    expect(await listed()).toEqual(
      [`${plain} 7 true`, `${brief} 7 true`, `${successor} 7 true`].toSorted(),
    );
  });

  it('is not shown to callers who may not see the key', async () => {
    const alice = await anActor(tocsin);
    const strong = await aKey(alice, 'admin', inDays(6));
    await announceEndings(tocsin.db, new Date());
    expect(await told(alice, alice)).toEqual([]);
    expect((await told(admin, alice)).map(({ subject }) => subject)).toEqual([strong]);
  });
});

it('a worker announces by itself, at its start already', async () => {
  const alice = await ending(inDays(6));
  expect(await told(admin, alice)).toMatchObject([{ noticed_at: null }]);
  const worker = await tocsin.another(['worker']);
  try {
    await vi.waitFor(
      async () =>
        expect(await told(admin, alice)).toMatchObject([{ noticed_at: expect.any(String) }]),
      10_000,
    );
  } finally {
    await worker.close();
  }
});
