import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { indicator, newer, TLP } from '../support/builders.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let carol: Actor;
/** Of alice's organisation, with RED clearance: what it raised to RED it can still revoke. */
let cleared: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities, ceiling: 'green' });
  const person = await aPerson(tocsin, alice, { role: 'publisher', redClearance: true });
  cleared = await person.signsIn();
});
afterAll(() => tocsin.close());

const patch = (id: string, body: object, by = alice) =>
  by.sends('patch', `/objects/${id}`).send(body);
const revoke = (id: string, by = alice) => by.sends('post', `/objects/${id}/revoke`);
const green = () => indicator({ object_marking_refs: [TLP.green] });

/** Objects enough that some of what happens at once is met halfway, whatever the machine. */
const EACH = 12;

describe('what is revoked while it is readdressed', () => {
  it.each([
    ['audience', green, () => ({ audience: [bob.slug] }), () => carol, 200],
    ['marking', green, () => ({ tlp: 'amber' }), () => carol, 200],
    ['marking RED', indicator, () => ({ tlp: 'red', audience: [bob.slug] }), () => bob, 404],
  ])('goes to nobody who lost it: %s', async (_, make, change, loser, own) => {
    const objects = Array.from({ length: EACH }, () => make());
    await alice.shares(objects);
    const done = await Promise.all(
      objects
        .flatMap(({ id }) => [patch(id, change(), cleared), revoke(id, cleared)])
        .map(async (sent) => {
          const { status, text } = await sent;
          return status < 300 ? 'done' : text;
        }),
    );
    expect(new Set(done)).toEqual(new Set(['done']));
    await tocsin.sequenced();
    for (const { id } of objects) {
      expect((await loser().finds(id)).status).toBe(404);
      expect((await alice.finds(id)).status).toBe(own);
    }
  });

  it('is revoked in its newest version', async () => {
    const objects = Array.from({ length: EACH }, () => green());
    await alice.shares(objects);
    await Promise.all(
      objects.map(async (object) => {
        const later = newer(object, 1, { name: 'Newer' });
        const [posted, revoked] = await Promise.all([alice.posts(later), revoke(object.id)]);
        expect(revoked.status).toBe(200);
        const [outcome] = outcomes(posted);
        const { body } = await alice.finds(object.id);
        expect(body).toMatchObject({
          revoked: true,
          name: outcome === 'updated' ? 'Newer' : object['name'],
        });
      }),
    );
  });
});

it('an object is found by a sharer who readdresses it while a newer version replaces it', async () => {
  const objects = Array.from({ length: EACH }, () => green());
  await alice.shares(objects);
  const statuses = await Promise.all(
    objects.flatMap((object) => [
      alice.posts(newer(object)).then(({ status }) => status),
      patch(object.id, { audience: [bob.slug] }).then(({ status }) => status),
    ]),
  );
  expect(new Set(statuses)).toEqual(new Set([200, 204]));
});

it('a newer version withdraws from readers who have the older one at that moment', async () => {
  const object = green();
  await alice.shares(object, { audience: bob.slug });
  const { next } = await carol.reads({ limit: 10_000 });
  const other = new pg.Client({ connectionString: tocsin.databaseUrl });
  await other.connect();
  await other.query('begin');
  await other.query(
    `update version set audience_id = (
       select a.id from audience a join organisation o on o.id = a.organisation_id
       where o.slug = $2 and a.realm_id = 1)
     where stix_id = $1`,
    [object.id, carol.slug],
  );
  const posting = alice.posts(newer(object), { audience: bob.slug }).then(outcomes);
  const waiting = `select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  await expect.poll(() => tocsin.sql(waiting)).not.toHaveLength(0);
  await other.query('commit');
  await other.end();
  expect(await posting).toEqual(['updated']);
  expect((await carol.reads({ after: next })).withdrawn).toEqual([object.id]);
});

it('what is revoked keeps the level that it was lowered to', async () => {
  const object = indicator();
  await alice.shares(object);
  await patch(object.id, { tlp: 'green' }).expect(204);
  const { next } = await carol.reads({ limit: 10_000 });
  await revoke(object.id).expect(200);
  const { objects, withdrawn } = await carol.reads({ after: next });
  expect(objects).toMatchObject([{ id: object.id, revoked: true }]);
  expect(withdrawn).toEqual([]);
});
