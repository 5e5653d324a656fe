/** TLP:RED is for people with clearance: which readers receive a withdrawal of such an object, and which do not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { indicator, marked, newer, type PostedObject } from '../support/builders.ts';
import { follow, type Following } from '../support/follow.ts';
import { accepts, createGroup } from '../support/groups.ts';
import { aPerson } from '../support/people.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
/** In person, with clearance. */
let admin: Actor;
let chief: Actor;
/** Through a key of the same organisation as the chief. */
let alice: Actor;
/** Through a key, which never sees TLP:RED. */
let bob: Actor;
/** In person, with and without clearance. */
let cleared: Actor;
let uncleared: Actor;
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  const communities = [slug()];
  const operators = await anActor(tocsin, { role: 'admin', communities: [slug()] });
  admin = await (await aPerson(tocsin, operators, { role: 'admin', redClearance: true })).signsIn();
  alice = await anActor(tocsin, { communities });
  const publisher = { role: 'publisher', redClearance: true } as const;
  chief = await (await aPerson(tocsin, alice, publisher)).signsIn();
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
  const people = { cleared: true, uncleared: false };
  [cleared, uncleared] = [
    await (await aPerson(tocsin, bob, { redClearance: people.cleared })).signsIn(),
    await (await aPerson(tocsin, bob, { redClearance: people.uncleared })).signsIn(),
  ];
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

interface Told {
  /** By `changes` since they were there, and by `stream`. */
  readonly cleared: readonly string[];
  readonly uncleared: readonly string[];
  readonly key: readonly string[];
  readonly webhook: readonly string[];
}

/** The withdrawals that all of them receive after an act, by every door alike. */
async function toldBy(act: () => PromiseLike<unknown>): Promise<Told> {
  // What was done before is in the log before the subscription begins.
  await tocsin.sequenced();
  const hook = await subscribes(bob, webhooks, { start: 'now' });
  const places = await Promise.all([cleared, uncleared, bob].map(begins));
  await act();
  await tocsin.sequenced();
  // When this has arrived, everything sent before it has arrived too.
  const last = marked('clear');
  await alice.shares(last, { audience: bob.slug });
  const [toCleared = [], toUncleared = [], key = []] = await Promise.all(
    places.map((place) => withdrawnSince(place, last.id)),
  );
  const come = await webhooks.until(hook.path, (all) =>
    all.some(({ text }) => text.includes(last.id)),
  );
  await bob.sends('delete', `/subscriptions/${hook.id}`).expect(204);
  const webhook = come.flatMap(({ withdrawn }) => withdrawn);
  return { cleared: toCleared, uncleared: toUncleared, key, webhook };
}

interface Place {
  readonly reader: Actor;
  readonly after: string;
  readonly stream: Following;
}

async function begins(reader: Actor): Promise<Place> {
  const { next: after } = await reader.reads({ limit: 10_000 });
  return { reader, after, stream: await follow(tocsin, reader, { after }) };
}

async function withdrawnSince({ reader, after, stream }: Place, last: string): Promise<string[]> {
  const { withdrawn } = await reader.reads({ after });
  const events = await stream.until(({ data }) => JSON.stringify(data).includes(last));
  await stream.close();
  const streamed = events.filter(({ event }) => event === 'withdrawn');
  expect(streamed.map(({ data }) => data)).toEqual(withdrawn);
  return withdrawn;
}

const both = () => `${bob.slug},${carol.slug}`;
const readdresses = (id: string, change: object) =>
  chief.sends('patch', `/objects/${id}`).send(change).expect(204);
const purges = (id: string) =>
  admin.sends('post', `/objects/${id}/purge`).send({ reason: 'A mistake' }).expect(200);

async function shared(object: PostedObject, audience = both()): Promise<string> {
  await alice.shares(object, { audience });
  return object.id;
}

const onlyCleared = (id: string): Told => ({ cleared: [id], uncleared: [], key: [], webhook: [] });
const allButCleared = (id: string): Told => ({
  cleared: [],
  uncleared: [id],
  key: [id],
  webhook: [id],
});
const everybody = (id: string): Told => ({ ...allButCleared(id), cleared: [id] });

describe('of an object that was RED, only who has clearance learns that it is gone', () => {
  it('when its audience is narrowed', async () => {
    const id = await shared(marked('red'));
    await cleared.finds(id).expect(200);
    const told = await toldBy(() => readdresses(id, { audience: [carol.slug] }));
    expect(told).toEqual(onlyCleared(id));
  });

  it('when a newer version goes to fewer', async () => {
    const object = marked('red');
    const id = await shared(object);
    const told = await toldBy(() => alice.shares(newer(object), { audience: carol.slug }));
    expect(told).toEqual(onlyCleared(id));
  });

  it('when it is purged', async () => {
    const id = await shared(marked('red'), bob.slug);
    expect(await toldBy(() => purges(id))).toEqual(onlyCleared(id));
  });

  it('when it is lowered for others, and not for that reader', async () => {
    const id = await shared(indicator(), bob.slug);
    await readdresses(id, { tlp: 'red', audience: [bob.slug] });
    const change = { tlp: 'amber', audience: [carol.slug] };
    expect(await toldBy(() => readdresses(id, change))).toEqual(onlyCleared(id));
  });

  it('and nobody when it is revoked, which is a version like any other', async () => {
    const id = await shared(marked('red'), bob.slug);
    const nobody = { cleared: [], uncleared: [], key: [], webhook: [] };
    const revokes = () => chief.sends('post', `/objects/${id}/revoke`).expect(200);
    expect(await toldBy(revokes)).toEqual(nobody);
    expect((await cleared.finds(id)).body).toMatchObject({ revoked: true });
    await bob.finds(id).expect(404);
  });
});

describe('of an object that becomes RED, who has no clearance learns that it is gone', () => {
  it('when it is marked so', async () => {
    const id = await shared(indicator());
    await bob.finds(id).expect(200);
    expect(await toldBy(() => readdresses(id, { tlp: 'red', audience: [bob.slug] }))).toEqual(
      allButCleared(id),
    );
    await cleared.finds(id).expect(200);
    await bob.finds(id).expect(404);
    await uncleared.finds(id).expect(404);
  });

  it('when a newer version is', async () => {
    const object = indicator();
    const id = await shared(object);
    const again = () => alice.shares(marked('red', newer(object)), { audience: both() });
    expect(await toldBy(again)).toEqual(allButCleared(id));
    await cleared.finds(id).expect(200);
  });

  it('and so do the keys of its sharer', async () => {
    const id = await shared(indicator(), bob.slug);
    const { next } = await alice.reads({ limit: 10_000 });
    await readdresses(id, { tlp: 'red', audience: [bob.slug] });
    expect((await alice.reads({ after: next })).withdrawn).toEqual([id]);
  });

  it('everybody does who is no longer named', async () => {
    const id = await shared(indicator());
    const change = { tlp: 'red', audience: [carol.slug] };
    expect(await toldBy(() => readdresses(id, change))).toEqual(everybody(id));
  });

  it('and it comes again when it is RED no longer', async () => {
    const id = await shared(indicator());
    await readdresses(id, { tlp: 'red', audience: [bob.slug] });
    const { next } = await bob.reads({ limit: 10_000 });
    const lowers = () => readdresses(id, { tlp: 'green' });
    expect((await toldBy(lowers)).key).toEqual([]);
    expect((await bob.reads({ after: next })).objects.map((one) => one.id)).toContain(id);
  });

  it('nor does anything older of it show through a key', async () => {
    // Nothing else looks for this, so that its history is its own.
    const object = indicator({ pattern: `[domain-name:value = '${slug('host')}.example.com']` });
    const id = await shared(object, bob.slug);
    await alice.shares(marked('red', newer(object)), { audience: both() });
    const rows = await tocsin.sql('select distinct tlp from version where stix_id = $1', [id]);
    expect(rows).toEqual([{ tlp: 4 }]);
    const history = await cleared.sends('get', `/objects/${id}/history`).expect(200);
    expect((history.body as { versions: object[] }).versions).toHaveLength(2);
  });
});

describe('a member that loses its rights', () => {
  it('is sent for RED objects only to signed-in users with clearance', async () => {
    const red = await shared(marked('red'), bob.slug);
    const amber = await shared(indicator(), bob.slug);
    const places = new Map<Actor, string>();
    for (const one of [cleared, uncleared, bob]) {
      places.set(one, (await one.reads({ limit: 10_000 })).next);
    }
    const status = (to: string) =>
      admin.sends('patch', `/organisations/${bob.slug}`).send({ status: to }).expect(200);
    await status('suspended');
    for (const [one, after] of places) {
      const { withdrawn } = await one.reads({ after, limit: 10_000 });
      expect(withdrawn).toContain(amber);
      expect(withdrawn.includes(red), one === cleared ? 'cleared' : 'not cleared').toBe(
        one === cleared,
      );
    }
    await status('active');
    await tocsin.sequenced();
  });

  it('is still told what it lost before, together with others', async () => {
    const id = await shared(indicator());
    const { next: after } = await bob.reads({ limit: 10_000 });
    await readdresses(id, { audience: [alice.slug] });
    await tocsin.sequenced();
    const status = (to: string) =>
      admin.sends('patch', `/organisations/${bob.slug}`).send({ status: to }).expect(200);
    await status('suspended');
    expect((await bob.reads({ after, limit: 10_000 })).withdrawn).toContain(id);
    await status('active');
    await tocsin.sequenced();
  });
});

describe('after the purge of a RED object', () => {
  it('its id is rejected only from callers who could know of it', async () => {
    const object = marked('red');
    await shared(object, bob.slug);
    await purges(object.id);
    const publisher = await aPerson(tocsin, bob, { role: 'publisher', redClearance: true });
    const person = await publisher.signsIn();
    const query = { audience: bob.slug, dry_run: true };
    const posts = async (who: Actor) => outcomes(await who.posts(newer(object, 5), query));
    expect(await posts(person)).toEqual(['purged']);
    expect(await posts(alice)).toEqual(['purged']);
    expect(await posts(bob)).toEqual(['created']);
    expect(await posts(carol)).toEqual(['created']);
  });

  it('an organisation that joined an older audience later receives nothing', async () => {
    const group = await createGroup(alice, { members: [bob.slug], open: true });
    await accepts(bob, group);
    const object = indicator();
    await shared(object, group);
    await alice.shares(newer(object), { audience: bob.slug });
    await carol
      .sends('post', `/sharing-groups/${group}/members`)
      .send({ organisation: carol.slug });
    await tocsin.sequenced();
    const { next: after } = await carol.reads({ limit: 10_000 });
    await purges(object.id);
    expect((await carol.reads({ after })).withdrawn).toEqual([]);
  });
});
