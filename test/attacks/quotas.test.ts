/** One organisation must not take what the others need: its quotas hold, whatever it sends at once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withQuota } from '../../src/store/content/quotas.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const QUOTA = 8;
/** More than the pool of the server has connections, so that they meet in every way. */
const AT_ONCE = 30;

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin({
    settings: {
      TOCSIN_QUOTA_SUBSCRIPTIONS: String(QUOTA),
      TOCSIN_QUOTA_KEYS: String(QUOTA),
      TOCSIN_QUOTA_USERS: String(QUOTA),
    },
  });
});
afterAll(() => tocsin.close());

async function idOf({ slug }: Actor): Promise<number> {
  const [row] = await tocsin.sql<{ id: number }>(`select id from organisation where slug = $1`, [
    slug,
  ]);
  return row?.id ?? 0;
}

async function statusesOf(requests: readonly PromiseLike<{ status: number }>[]) {
  const answers = await Promise.all(requests);
  return Map.groupBy(answers, ({ status }) => status);
}

describe('the quota of subscriptions', () => {
  it('holds for requests that come at once', async () => {
    const actor = await anActor(tocsin);
    const url = 'http://127.0.0.1:9/';
    const requests = Array.from({ length: AT_ONCE }, () =>
      actor.sends('post', '/subscriptions').send({ url }),
    );
    const byStatus = await statusesOf(requests);
    expect(byStatus.get(201)).toHaveLength(QUOTA);
    expect(byStatus.get(409)).toHaveLength(AT_ONCE - QUOTA);
    expect(byStatus.get(409)?.[0]).toMatchObject({
      body: { code: 'subscription_limit', quota: 'subscriptions', limit: QUOTA },
    });
  });

  it('is of each organisation, and a deleted subscription leaves room', async () => {
    const actor = await anActor(tocsin);
    const create = () => actor.sends('post', '/subscriptions').send({ url: 'http://127.0.0.1:9/' });
    const ids: string[] = [];
    for (let i = 0; i < QUOTA; i++) {
      const { body } = await create().expect(201);
      ids.push((body as { id: string }).id);
    }
    await create().expect(409);
    await actor.sends('delete', `/subscriptions/${ids[0]}`).expect(204);
    await create().expect(201);
  });
});

interface Usage {
  readonly [quota: string]: { readonly used: number; readonly limit: number };
}

describe.each([
  { noun: 'keys', code: 'key_limit', present: 1, wish: () => ({ role: 'feed' }) },
  {
    noun: 'users',
    code: 'user_limit',
    present: 0,
    wish: () => ({ email: `${randomUUID()}@example.org`, role: 'analyst' }),
  },
])('the quota of $noun', ({ noun, code, present, wish }) => {
  const create = (actor: Actor) => actor.sends('post', `/${noun}`).send(wish());
  const fill = async (actor: Actor) => {
    const ids: string[] = [];
    for (let n = present; n < QUOTA; n++) {
      const { body } = await create(actor).expect(201);
      ids.push((body as { id: string }).id);
    }
    return ids;
  };
  const end = (actor: Actor, id: string) =>
    noun === 'keys'
      ? actor.sends('delete', `/keys/${id}`).expect(204)
      : actor.sends('patch', `/users/${id}`).send({ status: 'disabled' }).expect(200);

  it('holds for requests that come at once, and shows what is used', async () => {
    const actor = await anActor(tocsin);
    const byStatus = await statusesOf(Array.from({ length: AT_ONCE }, () => create(actor)));
    expect(byStatus.get(201)).toHaveLength(QUOTA - present);
    expect(byStatus.get(409)?.[0]).toMatchObject({ body: { code, quota: noun, limit: QUOTA } });
    expect((byStatus.get(201)?.length ?? 0) + (byStatus.get(409)?.length ?? 0)).toBe(AT_ONCE);
    const { body } = await actor.sends('get', `/organisations/${actor.slug}/quotas`).expect(200);
    expect((body as Usage)[noun]).toEqual({ used: QUOTA, limit: QUOTA });
    await create(await anActor(tocsin)).expect(201);
  });

  it('counts on the first day what has ended, and leaves room for it later', async () => {
    const actor = await anActor(tocsin);
    const [first = ''] = await fill(actor);
    await end(actor, first);
    await create(actor).expect(409);
    const table = noun === 'keys' ? 'api_key' : 'user_account';
    const yesterday = `update ${table} set created_at = created_at - interval '25 hours' where id::text = $1`;
    await tocsin.sql(yesterday, [first]);
    await create(actor).expect(201);
    await create(actor).expect(409);
  });
});

it('a rotation creates a key, so it counts', async () => {
  const actor = await anActor(tocsin);
  const { body } = await actor.sends('post', '/keys').send({ role: 'feed' }).expect(201);
  const { id } = body as { id: string };
  const rotations = Array.from({ length: QUOTA }, (_, n) => n);
  let current = id;
  const seen: number[] = [];
  for (const _ of rotations) {
    const answer = await actor
      .sends('post', `/keys/${current}/rotate`)
      .send({ overlap_seconds: 0 });
    seen.push(answer.status);
    if (answer.status === 201) current = (answer.body as { id: string }).id;
  }
  expect(seen).toEqual(rotations.map((n) => (n < QUOTA - 2 ? 201 : 409)));
  // What leaked can be revoked all the same.
  await actor.sends('delete', `/keys/${current}`).expect(204);
});

describe('a count that another transaction may change', () => {
  /** What the check would count if it did not lock. */
  const present = async (organisationId: number): Promise<number> => {
    const [row] = await tocsin.sql<{ count: number }>(
      `select count(*)::int as count from subscription where organisation_id = $1`,
      [organisationId],
    );
    return row?.count ?? 0;
  };

  it('is waited for; without a lock both would go beyond the quota', async () => {
    const organisationId = await idOf(await anActor(tocsin));
    const first = Promise.withResolvers<undefined>();
    const counted = Promise.withResolvers<undefined>();
    const one = asServer(tocsin.db, async (tx) => {
      await withQuota(tx, organisationId, 'subscriptions', 1);
      counted.resolve(undefined);
      await first.promise;
    });
    await counted.promise;
    let done = false;
    const two = asServer(tocsin.db, async (tx) => {
      await withQuota(tx, organisationId, 'subscriptions', 1);
      done = true;
    });
    // The second waits on the lock of the first, as PostgreSQL itself shows.
    const waiting = () =>
      tocsin.sql(
        `select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%count_locked%'`,
      );
    await expect.poll(waiting).toHaveLength(1);
    expect([done, await present(organisationId)]).toEqual([false, 0]);
    first.resolve(undefined);
    await Promise.all([one, two]);
  });
});

describe('the quota of bytes in a day', () => {
  /** A server on which an organisation may store so many bytes in a day. */
  const another = async (bytes: number) =>
    startTocsin({
      databaseUrl: await freshDatabaseUrl(),
      settings: { TOCSIN_QUOTA_BYTES_DAY: String(bytes) },
    });
  const description = 'x'.repeat(1000);
  const moveTo = (server: Tocsin, at: string): void =>
    server.clock.advance(Date.parse(at) - server.clock.now().getTime());
  const usage = async (
    actor: Actor,
  ): Promise<{ used: number; limit: number; resets_at: string }> => {
    const { body } = await actor.sends('get', '/me').expect(200);
    return (body as { quotas: { bytes_today: { used: number; limit: number; resets_at: string } } })
      .quotas.bytes_today;
  };

  it('counts what is stored, refuses the rest of the day, and begins again in UTC', async () => {
    const server = await another(10_000);
    try {
      moveTo(server, '2031-05-09T23:00:00Z');
      const [actor, other] = [await anActor(server), await anActor(server)];
      const object = indicator({ description });
      await actor.posts(object, { dry_run: true }).expect(200);
      expect((await usage(actor)).used).toBe(0);
      await actor.shares(object);
      const { used, resets_at } = await usage(actor);
      expect(used).toBeGreaterThan(JSON.stringify(object).length);
      expect(used).toBeLessThan(JSON.stringify(object).length + 2000);
      expect(resets_at).toBe('2031-05-10T00:00:00.000Z');
      await actor.shares(object);
      expect((await usage(actor)).used).toBe(used);

      // More than is left: nothing of it is stored.
      const many = Array.from({ length: 10 }, () => indicator({ description }));
      const refused = await actor.posts(many);
      expect(refused.status).toBe(429);
      const wait = Number(refused.headers['retry-after']);
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(3600);
      expect(refused.body).toMatchObject({
        code: 'storage_quota_exceeded',
        limit: 10_000,
        used,
        left: 10_000 - used,
        detail: expect.stringContaining(`stored ${used} of its 10000 bytes today`),
        resets_at: '2031-05-10T00:00:00.000Z',
        retry_after: wait,
      });
      expect(await actor.sees()).toEqual([object.id]);
      expect((await usage(actor)).used).toBe(used);
      // What is left may be used, and another organisation has a quota of its own.
      await actor.shares(indicator({ description }));
      await other.shares(many.slice(0, 4));

      moveTo(server, '2031-05-10T00:00:01Z');
      await actor.shares(many.slice(0, 4));
    } finally {
      await server.close();
    }
  });

  it('holds for requests that come at once', async () => {
    const server = await another(20_000);
    try {
      const actor = await anActor(server);
      const byStatus = await statusesOf(
        Array.from({ length: AT_ONCE }, () => actor.posts(indicator({ description }))),
      );
      const stored = byStatus.get(200)?.length ?? 0;
      expect(stored).toBeGreaterThan(0);
      expect(stored + (byStatus.get(429)?.length ?? 0)).toBe(AT_ONCE);
      const { used, limit } = await usage(actor);
      expect(used).toBeLessThanOrEqual(limit);
      const [row] = await server.sql<{ bytes: number }>(
        `select sum(octet_length(content))::int as bytes from version`,
      );
      expect(row?.bytes).toBeLessThanOrEqual(used);
    } finally {
      await server.close();
    }
  });

  it('holds for lines, of which the answer says what was stored before', async () => {
    const server = await another(5_000_000);
    try {
      const actor = await anActor(server);
      const lines = Array.from({ length: 6000 }, () => JSON.stringify(indicator()));
      const { status, body } = await actor
        .sends('post', '/bundles')
        .set('content-type', 'application/x-ndjson')
        .send(lines.join('\n'));
      expect(status).toBe(429);
      const { code, summary } = body as { code: string; summary: { created: number } };
      expect(code).toBe('storage_quota_exceeded');
      expect(summary.created).toBeGreaterThan(0);
      const [row] = await server.sql(`select count(*)::int as versions from version`);
      expect(row).toEqual({ versions: summary.created });
    } finally {
      await server.close();
    }
  });

  it('never keeps a member from revoking what it shares, nor from reading', async () => {
    const server = await another(2500);
    try {
      const actor = await anActor(server);
      const object = indicator({ description });
      await actor.shares(object);
      await actor.posts(indicator({ description })).expect(429);
      await actor.sends('post', `/objects/${object.id}/revoke`).expect(200);
      expect(await actor.sees()).toEqual([object.id]);
    } finally {
      await server.close();
    }
  });
});
