/** Where its creator revokes an object, that wins over what others share of it. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMember } from '../../src/store/members/members.ts';
import { findSharesToEnd } from '../../src/store/content/creators.ts';
import { asViewer } from '../../src/store/postgres/transaction.ts';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { indicator, marked, newer, type PostedObject } from '../support/builders.ts';
import { follow } from '../support/follow.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
/** The creator; who passes on; who sees it from bob alone; who sees it from alice alone. */
let alice: Actor;
let bob: Actor;
let carol: Actor;
let dora: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  [alice, bob, carol, dora] = await Promise.all([anyone(), anyone(), anyone(), anyone()]);
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const anyone = () => anActor(tocsin, { communities: [slug()] });

/** What alice created and shares with bob and dora, and bob with carol. */
async function passedOn(overrides: object = {}): Promise<PostedObject> {
  const object = marked('green', indicator({ created_by_ref: alice.identity, ...overrides }));
  await alice.shares(object, { audience: [bob.slug, dora.slug] });
  await bob.shares(object, { audience: carol.slug });
  return object;
}

const revoked = (object: PostedObject, overrides: object = {}) =>
  newer(object, 1, { revoked: true, ...overrides });

describe("the creator's revocation", () => {
  it('reaches who sees the object from somebody else, by every way of reading', async () => {
    const object = await passedOn();
    const { next } = await carol.reads({ limit: 10_000 });
    const stream = await follow(tocsin, carol, { after: next });
    const path = `/${carol.slug}`;
    await carol
      .sends('post', '/subscriptions')
      .send({ url: webhooks.url + path, start: { cursor: next } });
    const last = revoked(object);
    await alice.shares(last, { audience: [bob.slug, dora.slug] });
    expect(await carol.reads({ after: next })).toMatchObject({ objects: [last], withdrawn: [] });
    expect((await carol.finds(object.id)).body).toEqual(last);
    const events = await stream.until(({ event }) => event === 'object');
    expect(events.at(-1)?.data).toEqual(last);
    await stream.close();
    const [delivery] = await webhooks.until(path, (come) => come.length > 0);
    expect(delivery).toMatchObject({ objects: [last], withdrawn: [] });
    expect((await bob.finds(object.id)).body).toEqual(last);
  });

  it('comes from `POST /objects/{id}/revoke` too', async () => {
    const object = await passedOn();
    await alice.sends('post', `/objects/${object.id}/revoke`);
    await tocsin.sequenced();
    expect((await carol.finds(object.id)).body).toMatchObject({ id: object.id, revoked: true });
  });

  it("ends each share with the sharer's own content, without the creator's", async () => {
    const object = await passedOn();
    const last = revoked(object, { description: 'For dora alone' });
    await alice.shares(last, { audience: dora.slug });
    expect((await dora.finds(object.id)).body).toEqual(last);
    const { description: _, ...plain } = last;
    expect((await carol.finds(object.id)).body).toEqual(plain);
    const rows = await tocsin.sql<{ slug: string; tlp: number; same: boolean }>(
      `select o.slug, v.tlp, v.audience_id = before.audience_id as same
       from version v join organisation o on o.id = v.organisation_id
         join version before on before.stix_id = v.stix_id and before.superseded
           and before.organisation_id = v.organisation_id
       where v.stix_id = $1 and not v.superseded and o.slug = $2`,
      [object.id, bob.slug],
    );
    expect(rows).toEqual([{ slug: bob.slug, tlp: 1, same: true }]);
  });

  it('tells the creator nothing: the answer is that of an object that nobody else shares', async () => {
    const object = await passedOn({ pattern: "[url:value = 'https://one.example.net/a']" });
    const pattern = "[url:value = 'https://other.example.net/a']";
    const alone = { ...object, id: indicator().id, pattern };
    await alice.shares(alone, { audience: dora.slug });
    const answers = await alice.posts([revoked(object), revoked(alone)], { audience: dora.slug });
    const { results } = answers.body as { results: { id: string; index: number }[] };
    const [first, second] = results.map(({ id: _, index: __, ...rest }) => rest);
    expect(first).toEqual(second);
  });

  it('is final: no share of the object comes back, and none begins', async () => {
    const object = await passedOn();
    await alice.shares(revoked(object), { audience: bob.slug });
    expect(outcomes(await bob.posts(object, { audience: dora.slug }))).toEqual(['unchanged']);
    expect(outcomes(await carol.posts(object, { audience: dora.slug }))).toEqual([
      'revoked_is_final',
    ]);
    expect(outcomes(await carol.posts(revoked(object), { audience: dora.slug }))).toEqual([
      'created',
    ]);
    expect((await dora.finds(object.id)).body).toMatchObject({ revoked: true });
  });

  it('keeps what the object was looked for by', async () => {
    const object = await passedOn();
    await alice.shares(revoked(object), { audience: bob.slug });
    const values = await tocsin.sql(
      `select v.revoked, o.value from observable o join version v on v.id = o.version_id
         join organisation org on org.id = v.organisation_id
       where v.stix_id = $1 and org.slug = $2`,
      [object.id, bob.slug],
    );
    const [, value] = /'(.*)'/.exec(String(object['pattern'])) ?? [];
    expect(values).toEqual([{ revoked: true, value }]);
  });

  it('is in the audit of the sharer, without how the creator did it', async () => {
    const object = await passedOn();
    await alice.shares(revoked(object), { audience: dora.slug });
    const entries = await tocsin.sql(
      `select a.actor, a.request_id, a.detail from audit a join organisation o on o.id = a.organisation_id
       where o.slug = $1 and a.action = 'objects.revoked_by_creator' order by a.id desc limit 1`,
      [bob.slug],
    );
    expect(entries).toEqual([
      { actor: 'creator', request_id: null, detail: { objects: [object.id] } },
    ]);
  });

  it('comes right after what is newer than it, where it was shared before it had a creator here', async () => {
    const identity = 'identity--1b9d6a0c-44a5-4a4b-8d0b-6f27d3a6a0f3';
    const object = newer(indicator({ created_by_ref: identity }), 60);
    await bob.shares(object, { audience: carol.slug });
    await tocsin.sql(
      'insert into identity (stix_id, organisation_id) select $1, id from organisation where slug = $2',
      [identity, alice.slug],
    );
    const last = { ...object, revoked: true, modified: '2026-01-01T00:00:00.000Z' };
    await alice.shares(last, { audience: dora.slug });
    expect((await carol.finds(object.id)).body).toEqual({
      ...object,
      modified: '2026-01-01T01:00:00.000001Z',
      revoked: true,
    });
  });
});

describe('nobody else', () => {
  it('revokes in the name of the creator', async () => {
    const object = await passedOn();
    const answer = await bob.sends('post', `/objects/${object.id}/revoke`);
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      code: 'revocation_impossible',
      reason: 'producer_mismatch',
    });
    expect((await carol.finds(object.id)).body).toEqual(object);
  });

  it('ends what others share, by an object of the same id', async () => {
    const object = await passedOn();
    for (const created_by_ref of [dora.identity, undefined]) {
      const mallory = created_by_ref === undefined ? await anyone() : dora;
      await mallory.shares(revoked(object, { created_by_ref }));
    }
    expect((await carol.finds(object.id)).body).toEqual(object);
  });

  it('learns which shares there are', async () => {
    const object = await passedOn();
    await alice.shares(revoked(object), { audience: dora.slug });
    await tocsin.sql(
      'update version set revoked = false where stix_id = $1 and organisation_id = (select id from organisation where slug = $2)',
      [object.id, bob.slug],
    );
    const told = async (actor: Actor) => {
      const member = await findMember(tocsin.db, actor.slug);
      if (member === undefined) throw new Error('no such member');
      return asViewer(tocsin.db, member.viewer, (tx) => findSharesToEnd(tx, [object.id]));
    };
    expect(await told(alice)).toHaveLength(1);
    expect(await told(dora)).toEqual([]);
    expect(await told(carol)).toEqual([]);
  });
});

describe('a share that is under way in the same moment', () => {
  const HELD = 20_261_124;
  let holder: pg.Client;

  beforeAll(async () => {
    holder = new pg.Client({ connectionString: tocsin.databaseUrl });
    await holder.connect();
    await tocsin.sql(`create function wait_here() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(${HELD}); return new; end $$`);
    await tocsin.sql(`create trigger held before insert on version for each row
      when (new.organisation_id = ${await idOf(bob)}) execute function wait_here()`);
  });
  afterAll(async () => {
    await tocsin.sql('drop function wait_here cascade');
    await holder.end();
  });

  it('ends with the others', async () => {
    const object = marked('green', indicator({ created_by_ref: alice.identity }));
    await alice.shares(object, { audience: bob.slug });
    await holder.query(`select pg_advisory_lock(${HELD})`);
    let isTold = false;
    const passing = bob.posts(object, { audience: carol.slug }).then(outcomes);
    await expect.poll(() => waiting(`objid = ${HELD}`)).toBe(1);
    const revoking = alice.posts(revoked(object), { audience: alice.slug }).then((response) => {
      isTold = true;
      return outcomes(response);
    });
    await expect.poll(async () => isTold || (await waiting('true')) === 2).toBe(true);
    await holder.query(`select pg_advisory_unlock(${HELD})`);
    expect(await passing).toEqual(['created']);
    expect(await revoking).toEqual(['updated']);
    await tocsin.sequenced();
    expect((await carol.finds(object.id)).body).toEqual(revoked(object));
  });

  /** How many of this database's transactions wait for such an advisory lock. */
  async function waiting(which: string): Promise<number> {
    const [row] = await tocsin.sql<{ count: number }>(
      `select count(*)::int from pg_locks
       where locktype = 'advisory' and not granted and ${which}
         and database = (select oid from pg_database where datname = current_database())`,
    );
    return row?.count ?? 0;
  }

  async function idOf(actor: Actor): Promise<number> {
    const [row] = await tocsin.sql<{ id: number }>('select id from organisation where slug = $1', [
      actor.slug,
    ]);
    return row?.id ?? 0;
  }
});
