/** One organisation must not take what the others need: its quotas hold, whatever it sends at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withQuota } from '../../src/store/quotas.ts';
import { asServer } from '../../src/store/transaction.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const QUOTA = 8;
/** More than the pool of the server has connections, so that they meet in every way. */
const AT_ONCE = 30;

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_QUOTA_SUBSCRIPTIONS: String(QUOTA) } });
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
    // The second waits on the lock of the first, and is told so by PostgreSQL itself.
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
