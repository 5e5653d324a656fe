/**
 * An object that its organisation shares at TLP:RED does not exist for the organisation's own keys and
 * users without RED clearance, whatever they try to do to it; a user with clearance can do all of it.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idleApp } from '../../scripts/openapi-document.ts';
import { routesOf } from '../leaks/routes.ts';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, indicator, marked, newer, type PostedObject } from '../support/builders.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let carol: Actor;
/** All of alice's organisation, and of administrators, that have no clearance. */
let uncleared: readonly Actor[];
let cleared: Actor;
let clearedAdmin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { role: 'admin', communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
  const wish = { redClearance: true } as const;
  const signsIn = async (more: Parameters<typeof aPerson>[2]) =>
    (await aPerson(tocsin, alice, more)).signsIn();
  cleared = await signsIn({ ...wish, role: 'publisher' });
  clearedAdmin = await signsIn({ ...wish, role: 'admin' });
  const keys = [alice, await alice.as('org_admin'), await alice.as('publisher')];
  uncleared = [...keys, await signsIn({ role: 'publisher' })];
});
afterAll(() => tocsin.close());

/** Shared at AMBER, and then raised to RED for bob alone. */
async function raised(object: PostedObject): Promise<PostedObject> {
  await alice.shares(object, { audience: bob.slug });
  await cleared.sends('patch', `/objects/${object.id}`).send({ tlp: 'red' }).expect(204);
  await tocsin.sequenced();
  return object;
}

/** Everything about the stored versions of an object. */
const storedOf = ({ id }: PostedObject) =>
  tocsin.sql('select * from version where stix_id = $1 order by id', [id]);

type Verb = (who: Actor, id: string) => ReturnType<Actor['sends']>;

/** Every verb that names one object which is stored. */
const BY_ID: Readonly<Record<string, readonly Verb[]>> = {
  'GET /api/v1/objects/:id': [
    (who, id) => who.sends('get', `/objects/${id}`),
    (who, id) => who.sends('get', `/objects/${id}?version=all`),
    (who, id) => who.sends('get', `/objects/${id}?version=2026-01-01T00:00:00Z`),
  ],
  'GET /api/v1/objects/:id/history': [(who, id) => who.sends('get', `/objects/${id}/history`)],
  'GET /api/v1/objects/:id/access': [
    (who, id) => who.sends('get', `/objects/${id}/access?organisation=${bob.slug}`),
  ],
  'GET /api/v1/objects/:id/related': [(who, id) => who.sends('get', `/objects/${id}/related`)],
  'GET /api/v1/shares/:id': [(who, id) => who.sends('get', `/shares/${id}`)],
  'PATCH /api/v1/objects/:id': [
    (who, id) => who.sends('patch', `/objects/${id}`).send({ tlp: 'clear' }),
    (who, id) => who.sends('patch', `/objects/${id}`).send({ tlp: 'red' }),
    (who, id) => who.sends('patch', `/objects/${id}`).send({ audience: [carol.slug] }),
    (who, id) => who.sends('patch', `/objects/${id}`).send({ audience: [who.slug], tlp: 'red' }),
  ],
  'POST /api/v1/objects/:id/revoke': [(who, id) => who.sends('post', `/objects/${id}/revoke`)],
  'POST /api/v1/shares/revoke': [
    (who, id) => who.sends('post', '/shares/revoke').send({ ids: [id] }),
  ],
  'POST /api/v1/objects/:id/purge': [
    (who, id) => who.sends('post', `/objects/${id}/purge`).send({ reason: 'mine' }),
  ],
};

/** Verbs that store what they are given; those that read many objects are in test/leaks. */
const POSTING = {
  'POST /api/v1/bundles': (who: Actor, object: PostedObject, query: object) =>
    who.posts(object, query),
  'POST /api/v1/bundles, in lines': (who: Actor, object: PostedObject, query: object) =>
    who
      .sends('post', '/bundles')
      .query(query)
      .type('application/x-ndjson')
      .send(`${JSON.stringify(object)}\n`),
  'POST /api/v1/bundles, dry': (who: Actor, object: PostedObject, query: object) =>
    who.posts(object, { ...query, dry_run: true }),
  'POST /api/v1/indicators': (who: Actor, object: PostedObject, query: object) =>
    who.sends('post', '/indicators').query(query).send(object),
} as const;
const READ_MANY = [
  'GET /api/v1/shares',
  'GET /api/v1/indicators',
  'GET /api/v1/indicators/facets',
  'GET /api/v1/objects',
  'GET /api/v1/objects/facets',
];

async function answerTo(who: Actor, verb: Verb, id: string): Promise<unknown> {
  const { status, text, body } = await verb(who, id);
  const { instance = 'no instance' } = body as { instance?: string };
  return { status, body: text.replaceAll(instance, 'INSTANCE').replaceAll(id, 'ID') };
}

it('the verbs tried here are all that the server has', async () => {
  const { app, close } = await idleApp();
  await app.ready();
  const about = /\/(?:objects|shares|bundles|indicators)(?:\/|$)/;
  const routes = routesOf(app).filter((route) => about.test(route));
  await close();
  const tried = [...Object.keys(BY_ID), ...Object.keys(POSTING), ...READ_MANY];
  expect(routes.filter((route) => !tried.includes(route))).toEqual([]);
});

describe('an object that is RED is answered as one that nobody has:', () => {
  const cells = Object.entries(BY_ID).flatMap(([name, verbs]) =>
    verbs.map((verb, i) => [`${name} (${i + 1})`, verb] as const),
  );

  it.each(cells)('%s', async (_, verb) => {
    const kinds = { indicator: indicator(), observable: address(), 'posted RED': marked('red') };
    for (const [kind, object] of Object.entries(kinds)) {
      await raised(object);
      const before = await storedOf(object);
      for (const who of uncleared) {
        const unknown = kind === 'observable' ? address().id : indicator().id;
        expect([kind, await answerTo(who, verb, object.id)]).toEqual([
          kind,
          await answerTo(who, verb, unknown),
        ]);
      }
      expect(await storedOf(object)).toEqual(before);
    }
  });

  it.each(cells)('and a user with clearance can: %s (the control)', async (name, verb) => {
    const { id } = await raised(indicator());
    const who = name.includes('purge') ? clearedAdmin : cleared;
    const { status, text } = await verb(who, id);
    expect([name, status < 300, text.includes('rejected":1')]).toEqual([name, true, false]);
  });
});

describe('posting over an object that is RED, without clearance', () => {
  const LOWER: Readonly<Record<string, (object: PostedObject) => PostedObject>> = {
    'a later version': (object) => newer(object),
    'a later version with a lower marking': (object) => marked('clear', newer(object)),
    'a later version that is revoked': (object) => newer(object, 1, { revoked: true }),
    'other content at the same time': (object) => ({ ...object, name: 'Another' }),
    'an earlier version': (object) => newer(object, -1),
  };
  const cells = Object.keys(POSTING).flatMap((way) =>
    Object.keys(LOWER).map((what) => [way, what] as const),
  );

  it.each(cells)('%s: %s is rejected', async (way, what) => {
    const object = await raised(indicator());
    const before = await storedOf(object);
    const posted = LOWER[what]?.(object) ?? object;
    for (const who of uncleared) {
      for (const query of [{}, { audience: bob.slug }, { audience: carol.slug }]) {
        const { text } = await POSTING[way as keyof typeof POSTING](who, posted, query);
        expect(text).toMatch(/"(?:code|reason)":"red_clearance_needed"/);
      }
    }
    expect(await storedOf(object)).toEqual(before);
    await carol.finds(object.id).expect(404);
  });

  it.each([
    ['an indicator', () => indicator()],
    ['an observable', () => address()],
    ['an identity', () => anIdentity()],
  ])('%s as it is stored changes nothing, whatever the audience', async (_, make) => {
    const object = await raised(make());
    const before = await storedOf(object);
    for (const query of [{}, { audience: bob.slug }, { audience: carol.slug }]) {
      expect(outcomes(await alice.posts(object, query))).toEqual(['unchanged']);
    }
    expect(await storedOf(object)).toEqual(before);
  });

  it('an observable with other content is rejected, and never shared beside it', async () => {
    const object = await raised(address());
    const before = await storedOf(object);
    const other = { ...object, x_note: 'more' };
    expect(outcomes(await alice.posts(other))).toEqual(['red_clearance_needed']);
    expect(
      outcomes(await alice.posts([marked('red', other), other], { audience: bob.slug })),
    ).toEqual(['updated', 'unchanged']);
    expect(await storedOf(object)).toHaveLength(before.length + 1);
    await bob.finds(object.id).expect(404);
  });

  it('an observable that others have at a lower level continues for those, and the RED one stays', async () => {
    const object = marked('green', address());
    await alice.shares(object);
    const red = marked('red', { ...object, x_note: 'for bob alone' });
    await alice.shares(red, { audience: bob.slug });
    const redOf = async () => (await storedOf(object)).filter(({ tlp }) => tlp === 4);
    const before = await redOf();
    const audience = `${bob.slug},${carol.slug}`;
    const later = { ...object, x_note: 'for all' };
    expect(outcomes(await alice.posts(later, { audience }))).toEqual(['updated']);
    expect(await redOf()).toEqual(before);
    expect((await carol.finds(object.id)).body).toMatchObject({ x_note: 'for all' });
  });

  it('a later RED version is stored for those who have it, and for no others', async () => {
    const object = marked('red');
    await alice.shares(object, { audience: `${bob.slug},${carol.slug}` });
    const posts = async (later: PostedObject, audience: string) =>
      outcomes(await alice.posts(later, { audience }));
    expect(await posts(newer(object), `${bob.slug},${carol.slug}`)).toEqual(['updated']);
    expect(await posts(newer(object, 2), bob.slug)).toEqual(['updated']);
    const wider = `${bob.slug},${carol.slug}`;
    expect(await posts(newer(object, 3), wider)).toEqual(['red_clearance_needed']);
    const both = [newer(object, 4), newer(indicator({ id: object.id }), 5)];
    expect(outcomes(await alice.posts(both, { audience: bob.slug }))).toEqual([
      'updated',
      'red_clearance_needed',
    ]);
    const revoked = newer(object, 6, { revoked: true });
    expect(await posts(revoked, bob.slug)).toEqual(['updated']);
  });

  it('and with clearance everything can be posted (the control)', async () => {
    const lowered = await raised(indicator());
    expect(
      outcomes(await cleared.posts(newer(lowered), { audience: `${bob.slug},${carol.slug}` })),
    ).toEqual(['updated']);
    await carol.finds(lowered.id).expect(200);
    const widened = marked('red');
    await alice.shares(widened, { audience: bob.slug });
    const audience = `${bob.slug},${carol.slug}`;
    expect(outcomes(await cleared.posts(newer(widened), { audience }))).toEqual(['updated']);
  });
});

function anIdentity(): PostedObject {
  const id = `identity--${randomUUID()}`;
  const day = '2026-01-01T00:00:00.000Z';
  const fixed = { type: 'identity', spec_version: '2.1', created: day, modified: day };
  return { ...fixed, id, name: 'A source', identity_class: 'organization' };
}
