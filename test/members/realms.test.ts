import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor, anActor, outcomes, slug } from '../support/actors.ts';
import { indicator, malware, address, TLP, type PostedObject } from '../support/builders.ts';
import { anExercise, playing } from '../support/exercise.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let admin: Actor;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
});
afterAll(() => tocsin.close());

const OTHER = 'extension-definition--d83fce45-ef58-4c6c-a3f4-1fbc32e98c6e';

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

const wish = (more: object = {}) => {
  const name = slug('exercise');
  return { slug: name, name: `Name of ${name}`, from: inHours(-1), until: inHours(1), ...more };
};

/** A key of the exercise, made by an administrator. */
async function plays(actor: Actor, realm: string, role = 'org_admin'): Promise<Actor> {
  const body = { organisation: actor.slug, realm, role };
  const made = await admin.sends('post', '/keys').send(body).expect(201);
  const { key } = made.body as { key: string };
  return new Actor(tocsin, { slug: actor.slug, identity: actor.identity, key });
}

describe('POST /realms', () => {
  it('makes a realm of its own, in which its members share', async () => {
    const body = wish({ members: [alice.slug, bob.slug], ceiling: 'green' });
    const made = await admin.sends('post', '/realms').send(body).expect(201);
    expect(made.headers['location']).toBe(`/api/v1/realms/${body.slug}`);
    expect(made.body).toEqual({
      slug: body.slug,
      name: body.name,
      from: body.from,
      until: body.until,
      state: 'open',
      members: [alice.slug, bob.slug].toSorted(),
      archived_at: null,
      wiped: null,
    });
    expect((await alice.sends('get', `/realms/${body.slug}`).expect(200)).body).toEqual(made.body);
    const [played, other] = [await plays(alice, body.slug), await plays(bob, body.slug)];
    const object = indicator({ object_marking_refs: [TLP.green] });
    await played.shares(object);
    expect(await other.sees()).toEqual([object.id]);
    const amber = indicator({ object_marking_refs: [TLP.amber] });
    expect(outcomes(await played.posts(amber))).toEqual(['tlp_above_ceiling']);
  });

  it('takes names that nothing else has, members that are there, and times in order', async () => {
    const body = wish();
    await admin.sends('post', '/realms').send(body).expect(201);
    const cases: [string, number, object][] = [
      ['name_taken', 409, { ...wish(), slug: body.slug }],
      ['name_taken', 409, { ...wish(), name: body.name }],
      ['name_taken', 409, { ...wish(), slug: 'production' }],
      ['name_taken', 409, { ...wish(), slug: 'alliance' }],
      ['organisation_unknown', 400, wish({ members: ['nobody-at-all'] })],
      ['invalid_request', 400, wish({ until: inHours(-1) })],
      ['invalid_request', 400, wish({ from: undefined })],
      ['invalid_request', 400, wish({ realm: 1 })],
      ['invalid_request', 400, wish({ name: 'a\u202eb' })],
    ];
    for (const [code, status, wrong] of cases) {
      const refused = await admin.sends('post', '/realms').send(wrong).expect(status);
      expect([wrong, refused.body]).toEqual([wrong, expect.objectContaining({ code })]);
    }
    await alice.sends('post', '/realms').send(wish()).expect(403);
    await admin.sends('get', '/realms/production').expect(404);
    const end = admin.sends('post', '/realms/production/archive').send({ reason: 'x' });
    await end.expect(404);
  });

  it('lets partners in when two administrators have approved', async () => {
    const name = slug('partner');
    const partner = { slug: name, name, kind: 'industry', communities: [] };
    await admin.sends('post', '/organisations').send(partner).expect(201);
    const body = wish({ members: [name] });
    const made = await admin.sends('post', '/realms').send(body).expect(201);
    expect(made.body).toMatchObject({ members: [] });
    const org = new Actor(tocsin, { slug: name, identity: '', key: '' });
    const played = await plays(org, body.slug);
    await played.sends('get', '/me').expect(403);
    const { body: found } = await admin.sends('get', `/agreements?organisation=${name}`);
    const { agreements } = found as { agreements: { id: number; realm: string }[] };
    expect(agreements).toMatchObject([{ realm: body.slug, community: body.slug }]);
    for (const by of [admin, await admin.as('admin')]) {
      await by.sends('post', `/agreements/${agreements[0]?.id}/approvals`).expect(200);
    }
    await played.sends('get', '/me').expect(200);
  });

  it('can be joined later, by an agreement that names it', async () => {
    const body = wish({ members: [alice.slug] });
    await admin.sends('post', '/realms').send(body).expect(201);
    const terms = { organisation: bob.slug, title: 'Guest', kind: 'mou', ceiling: 'green' };
    const named = { ...terms, realm: body.slug, community: body.slug };
    const strange = await admin.sends('post', '/agreements').send({ ...named, realm: 'nowhere' });
    expect(strange.body).toMatchObject({ code: 'realm_unknown' });
    // The community is of that realm, not of production.
    const wrong = { ...terms, community: body.slug };
    await admin.sends('post', '/agreements').send(wrong).expect(400);
    const made = await admin.sends('post', '/agreements').send(named).expect(201);
    expect(made.body).toMatchObject({ realm: body.slug });
    await (await plays(bob, body.slug)).sends('get', '/me').expect(200);
  });
});

describe('the name of an exercise', () => {
  it('is in everything that leaves it, and in nothing of production', async () => {
    const exercise = await anExercise(tocsin, [alice, bob]);
    const [played, other] = [
      await playing(tocsin, alice, exercise),
      await playing(tocsin, bob, exercise),
    ];
    const objects = [
      indicator(),
      malware({ extensions: { [OTHER]: { extension_type: 'property-extension', rank: 5 } } }),
      address(),
      {
        type: 'file',
        spec_version: '2.1',
        id: address().id.replace('ipv4-addr', 'file'),
        name: 'x',
      },
    ];
    await played.shares(objects);
    const page = await other.sends('get', '/changes').expect(200);
    expect(page.body).toMatchObject({ realm: exercise.slug });
    const given = (page.body as { objects: PostedObject[] }).objects;
    expect(given).toHaveLength(objects.length);
    for (const object of given) expect(JSON.stringify(object)).toContain(exercise.name);
    const lines = await other.sends('get', '/changes').set('accept', 'application/x-ndjson');
    expect(lines.text).toContain(`{"realm":"${exercise.slug}","next":`);
    const id = objects[0]?.id ?? '';
    for (const path of [`/objects/${id}`, `/objects/${id}?version=all`, `/objects/${id}/history`]) {
      const { text, headers } = await other.sends('get', path).expect(200);
      expect(text).toContain(exercise.name);
      expect(headers['tocsin-realm']).toBe(exercise.slug);
    }
    for (const path of ['?version=all', '/history']) {
      const { body } = await other.sends('get', `/objects/${id}${path}`);
      expect(body).toMatchObject({ realm: exercise.slug });
    }
    // Production is given what it was, to the byte.
    const real = indicator();
    await alice.shares(real);
    const { text } = await bob.finds(real.id).expect(200);
    expect(text).toBe(JSON.stringify(real));
    const changes = await bob.sends('get', '/changes').query({ limit: 10_000 });
    expect(changes.text).not.toContain(exercise.slug);
    expect(changes.body).not.toHaveProperty('realm');
  });

  it('leaves predefined markings what they are to everybody', async () => {
    const exercise = await anExercise(tocsin, [alice]);
    const played = await playing(tocsin, alice, exercise);
    const green = {
      type: 'marking-definition',
      spec_version: '2.1',
      id: TLP.green,
      created: '2022-10-01T00:00:00.000Z',
      name: 'TLP:GREEN',
      extensions: {
        'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d': {
          extension_type: 'property-extension',
          tlp_2_0: 'green',
        },
      },
    };
    await played.shares(green);
    expect((await played.finds(TLP.green).expect(200)).body).toEqual(green);
  });
});
