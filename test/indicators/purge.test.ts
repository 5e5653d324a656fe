import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { tablesHolding } from '../support/dump.ts';
import { anExercise, playing } from '../support/exercise.ts';
import { follow } from '../support/follow.ts';
import { admits, createGroup } from '../support/groups.ts';
import { attempts, subscribes, timeFlies } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let admin: Actor;
let alice: Actor;
let bob: Actor;
/** Had seen what was shared with all, and lost it when it was narrowed. */
let dora: Actor;
/** Never saw anything of theirs. */
let stranger: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  const communities = [slug()];
  admin = await anActor(tocsin, { role: 'admin', communities: [slug()] });
  [alice, bob, dora] = [
    await anActor(tocsin, { communities }),
    await anActor(tocsin, { communities }),
    await anActor(tocsin, { communities }),
  ];
  stranger = await anActor(tocsin, { communities: [slug()] });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const purges = (id: string, reason = 'A person is named in it', by = admin) =>
  by.sends('post', `/objects/${id}/purge`).send({ reason });

/** An indicator that holds a value which is nowhere else. */
function secret(): { object: PostedObject; value: string } {
  const value = `x${randomUUID().replaceAll('-', '')}.example.org`;
  const pattern = `[domain-name:value = '${value}']`;
  return { object: indicator({ pattern, name: value, labels: [value] }), value };
}

describe('POST /objects/{id}/purge', () => {
  it('leaves no trace of the content in the database, whatever receivers said of it', async () => {
    const { object, value } = secret();
    webhooks.answers(({ text }) =>
      text.includes(value) ? { status: 422, body: `Cannot take ${value}` } : {},
    );
    const refusing = await subscribes(bob, webhooks, { start: 'now' });
    await alice.shares(object);
    await alice.shares(newer(object, 1, { description: value }));
    await bob.shares(newer(object, 2));
    const refused = async () =>
      (await attempts(bob, refusing)).some(({ status }) => status === 422);
    await timeFlies(tocsin, expect.poll(refused, { timeout: 60_000 }).toBe(true));
    // The test's receiver is on a private address, of which no answer is stored; a public one's is.
    await tocsin.sql(`update attempt set detail = $2 where subscription_id = $1 and status = 422`, [
      refusing.id,
      `Cannot take ${value}`,
    ]);
    // Not to be left to chance: an answer that was stored permanently.
    await tocsin.sql(
      `insert into dead_letter (subscription_id, seq, organisation_id, stix_id, detail)
       select id, 1, organisation_id, $2, $3 from subscription where id = $1
       on conflict (subscription_id, seq) do update set detail = excluded.detail`,
      [refusing.id, object.id, `422 ${value}`],
    );
    expect(await tablesHolding(tocsin, value)).toEqual(
      expect.arrayContaining(['attempt', 'dead_letter', 'observable', 'version']),
    );
    const { body } = await purges(object.id, `It names ${value}`).expect(200);
    expect(body).toMatchObject({ id: object.id, versions: 3 });
    await tocsin.sequenced();
    expect(await tablesHolding(tocsin, value)).toEqual([]);
    const traces = await tablesHolding(tocsin, object.id);
    expect(traces).toEqual(expect.arrayContaining(['audit', 'log', 'purged_object']));
    expect(traces).not.toContain('version');
    webhooks.answers(() => ({}));
  });

  it('tells who sees or shared it, by every door, and nobody else', async () => {
    const { object, value } = secret();
    const hook = await subscribes(bob, webhooks, { start: 'now' });
    await alice.shares(object);
    await webhooks.until(hook.path, (come) => come.some(({ text }) => text.includes(value)));
    const places = new Map<Actor, string>();
    const all = [alice, bob, dora, stranger];
    for (const one of all) places.set(one, (await one.reads({ limit: 10_000 })).next);
    const stream = await follow(tocsin, bob, { after: places.get(bob) ?? '' });
    expect((await stream.next())?.event).toBe('place');
    const { body } = await purges(object.id).expect(200);
    expect(body).toMatchObject({ versions: 1, organisations_told: 3 });
    for (const one of all) {
      const after = places.get(one) ?? '';
      const withdrawn = one === stranger ? [] : [object.id];
      expect(await one.reads({ after })).toMatchObject({ objects: [], withdrawn });
      const whole = await one.sends('get', '/changes').query({ limit: 10_000 });
      expect(whole.text).not.toContain(value);
      await one.finds(object.id).expect(404);
      await one.finds(object.id, { version: 'all' }).expect(404);
      await one.finds(object.id, { version: object['modified'] }).expect(404);
      await one.sends('get', `/objects/${object.id}/history`).expect(404);
    }
    const events = await stream.until(({ event }) => event === 'withdrawn');
    expect(events.at(-1)?.data).toBe(object.id);
    expect(JSON.stringify(events)).not.toContain(value);
    await stream.close();
    const told = await webhooks.until(hook.path, (come) => come.at(-1)?.withdrawn.length === 1);
    expect(told.at(-1)?.withdrawn).toEqual([object.id]);
    // The worker had its content at hand: told again from the beginning, it is not there.
    const { length } = told;
    await bob
      .sends('post', `/subscriptions/${hook.id}/replay`)
      .send({ start: 'beginning' })
      .expect(200);
    const again = await webhooks.until(hook.path, (come) =>
      come.slice(length).some(({ withdrawn }) => withdrawn.includes(object.id)),
    );
    expect(JSON.stringify(again.slice(length))).not.toContain(value);
  });

  it('who joins later learns nothing of it', async () => {
    const { object } = secret();
    const group = await createGroup(alice);
    await alice.shares(object, { audience: group });
    await purges(object.id).expect(200);
    await tocsin.sequenced();
    await admits(alice, group, stranger);
    expect((await stranger.reads({ limit: 10_000 })).withdrawn).not.toContain(object.id);
  });

  it('rejects the id from organisations that shared or saw it, and accepts it from everybody else', async () => {
    const { object } = secret();
    await alice.shares(object);
    const narrowed = newer(object);
    await alice.shares(narrowed, { audience: bob.slug });
    await purges(object.id).expect(200);
    for (const one of [alice, bob, dora]) {
      expect(outcomes(await one.posts(newer(object, 5)))).toEqual(['purged']);
      expect(outcomes(await one.posts(newer(object, 5), { dry_run: true }))).toEqual(['purged']);
    }
    const single = await alice.sends('post', '/indicators').send(newer(object, 6)).expect(409);
    expect(single.body).toMatchObject({ code: 'purged', path: '$.id' });
    await alice.sends('post', `/objects/${object.id}/revoke`).expect(404);
    expect(outcomes(await stranger.posts(object))).toEqual(['created']);
    await purges(object.id).expect(200);
    expect(outcomes(await stranger.posts(newer(object, 7)))).toEqual(['purged']);
  });

  it('takes it out of every realm', async () => {
    const { object, value } = secret();
    const exercise = await anExercise(tocsin, [alice, bob]);
    const [played, other] = [
      await playing(tocsin, alice, exercise),
      await playing(tocsin, bob, exercise),
    ];
    await alice.shares(object);
    await played.shares(object);
    const { next } = await other.reads({ limit: 10_000 });
    await purges(object.id).expect(200);
    expect((await other.reads({ after: next })).withdrawn).toEqual([object.id]);
    expect(await tablesHolding(tocsin, value)).toEqual([]);
    expect(outcomes(await played.posts(newer(object)))).toEqual(['purged']);
  });

  it('waits for a writer who is just sharing it, so that it does not come back', async () => {
    const { object } = secret();
    await alice.shares(object);
    // The post stops between looking what there is and writing: the moment that matters.
    await tocsin.sql(`create or replace function hold_up() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(4711); return new; end $$`);
    await tocsin.sql('grant execute on function hold_up to tocsin_app');
    await tocsin.sql(`create trigger hold_up before insert on version
      for each row execute function hold_up()`);
    const waiting = async () => {
      const [row] = await tocsin.sql<{ waiting: number }>(
        `select count(*)::int as waiting from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())`,
      );
      return row?.waiting ?? 0;
    };
    const holder = new pg.Client({ connectionString: tocsin.databaseUrl });
    await holder.connect();
    await holder.query('select pg_advisory_lock(4711)');
    try {
      const posted = alice.posts(newer(object)).then(outcomes);
      await expect.poll(waiting).toBeGreaterThan(0);
      let done = false;
      const purged = purges(object.id)
        .expect(200)
        .then(() => (done = true));
      // Two wait now, the post and the purge; without the lock, the purge is done before the post.
      await expect.poll(async () => done || (await waiting()) > 1).toBe(true);
      await holder.end();
      expect(await posted).toEqual(['updated']);
      await purged;
    } finally {
      await holder.end();
      await tocsin.sql('drop trigger hold_up on version');
    }
    expect(await tocsin.sql('select from version where stix_id = $1', [object.id])).toEqual([]);
  });

  it('is for admins, with a reason, for what is there; twice is as good as once', async () => {
    const { object } = secret();
    await alice.shares(object);
    await purges(object.id, 'x', alice).expect(403);
    await purges(object.id, '  ').expect(400);
    await admin.sends('post', `/objects/${object.id}/purge`).send({}).expect(400);
    await purges(indicator().id).expect(404);
    const first = (await purges(object.id, 'once').expect(200)).body as { purged_at: string };
    const again = await purges(object.id, 'twice').expect(200);
    expect(again.body).toEqual({ ...first, versions: 0, organisations_told: 0 });
    const entries = await tocsin.sql<{ slug: string; detail: Record<string, unknown> }>(
      `select o.slug, a.detail from audit a join organisation o on o.id = a.organisation_id
       where action = 'object.purge' and detail ->> 'object' = $1 order by a.id`,
      [object.id],
    );
    expect(entries.map((entry) => entry.slug)).toEqual([admin.slug, alice.slug]);
    expect(entries[0]?.detail).toMatchObject({ reason_sha256: expect.stringMatching(/^\w{64}$/) });
    expect(await tablesHolding(tocsin, object.id)).toEqual(expect.arrayContaining(['audit']));
  });
});
