/** Nothing crosses realms: each way to try has its test. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor, anActor, outcomes, slug } from '../support/actors.ts';
import { indicator, marked, newer, type PostedObject } from '../support/builders.ts';
import { anExercise, EXTENSION, markedFor, playing, type Exercise } from '../support/exercise.ts';
import { follow } from '../support/follow.ts';
import { admits, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let exercise: Exercise;
/** Two organisations, each in production and in the exercise; a third in production alone. */
let alice: Actor;
let bob: Actor;
let outsider: Actor;
let alicePlays: Actor;
let bobPlays: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob, outsider] = [await anActor(tocsin), await anActor(tocsin), await anActor(tocsin)];
  exercise = await anExercise(tocsin, [alice, bob]);
  alicePlays = await playing(tocsin, alice, exercise);
  bobPlays = await playing(tocsin, bob, exercise);
});
afterAll(() => tocsin.close());

/** The id of the key that an actor holds. */
const idOf = ({ key }: Actor) => key.split('_')[1] ?? '';

describe('what is shared in an exercise', () => {
  it('goes to no audience of production', async () => {
    const group = await createGroup(alice);
    for (const audience of ['alliance', group, outsider.slug]) {
      const { body } = await alicePlays.posts(indicator(), { audience }).expect(400);
      expect(body).toMatchObject({ code: 'audience_unknown' });
    }
    const { body } = await alice.posts(indicator(), { audience: exercise.slug }).expect(400);
    expect(body).toMatchObject({ code: 'audience_unknown' });
  });

  it('goes to everybody in it, and is seen by nobody in production, the sharer included', async () => {
    const object = indicator();
    await alicePlays.shares(object);
    expect(await bobPlays.sees()).toContain(object.id);
    for (const one of [alice, bob, outsider]) {
      expect(await one.sees()).not.toContain(object.id);
      await one.finds(object.id).expect(404);
      await one.finds(object.id, { version: 'all' }).expect(404);
      await one.sends('get', `/objects/${object.id}/history`).expect(404);
    }
  });

  it('cannot be shared in production, nor in another exercise, by whatever way it got there', async () => {
    const object = indicator();
    await alicePlays.shares(object);
    const [copy] = (await bobPlays.reads({ limit: 10_000 })).objects.filter(
      ({ id }) => id === object.id,
    );
    expect(copy).toEqual(marked('amber', markedFor(exercise, object) as PostedObject));
    for (const one of [alice, bob]) {
      expect(outcomes(await one.posts([copy, indicator()]))).toEqual(['realm_crossed', 'created']);
    }
    const other = await anExercise(tocsin, [alice]);
    const elsewhere = await playing(tocsin, alice, other);
    expect(outcomes(await elsewhere.posts([copy]))).toEqual(['realm_crossed']);
    const single = await alice.sends('post', '/indicators').send(copy).expect(403);
    expect(single.body).toMatchObject({ code: 'realm_crossed', path: '$.extensions' });
    const nameless = { ...object, extensions: { [EXTENSION]: 7 } };
    expect(outcomes(await alice.posts([nameless]))).toEqual(['realm_crossed']);
    // In its own it is what it was, with the mark or without.
    expect(outcomes(await alicePlays.posts([copy]))).toEqual(['unchanged']);
    expect(outcomes(await alicePlays.posts([object]))).toEqual(['unchanged']);
  });

  it('is not touched by a key of production', async () => {
    const object = indicator();
    await alicePlays.shares(object);
    const patch = { audience: [bob.slug] };
    await alice.sends('patch', `/objects/${object.id}`).send(patch).expect(404);
    await alice.sends('post', `/objects/${object.id}/revoke`).expect(404);
    // The same id in production is another object.
    expect(outcomes(await alice.posts(newer(object)))).toEqual(['created']);
    const { body } = await alicePlays.finds(object.id).expect(200);
    expect(body).toEqual(markedFor(exercise, object));
  });
});

describe('a key of an exercise', () => {
  it('reads nothing of production, by no door', async () => {
    const object = indicator();
    const stream = await follow(tocsin, bobPlays);
    expect((await stream.next())?.event).toBe('place');
    await alice.shares(object);
    const own = indicator();
    await alicePlays.shares(own);
    expect(await bobPlays.sees()).not.toContain(object.id);
    await bobPlays.finds(object.id).expect(404);
    await bobPlays.sends('get', `/objects/${object.id}/history`).expect(404);
    const events = await stream.until(({ event }) => event === 'object');
    expect(events.at(-1)?.data).toMatchObject({ id: own.id });
    expect(JSON.stringify(events)).not.toContain(object.id);
    await stream.close();
    expect(await bob.sees()).toContain(object.id);
  });

  it('would, without the row security of the log', async () => {
    const object = indicator();
    await alice.shares(object);
    await tocsin.sql('alter table log disable row level security');
    await tocsin.sql('alter table version disable row level security');
    try {
      expect(await bobPlays.sees()).toContain(object.id);
    } finally {
      await tocsin.sql('alter table log enable row level security');
      await tocsin.sql('alter table version enable row level security');
    }
    expect(await bobPlays.sees()).not.toContain(object.id);
  });

  it('makes no key for production or another exercise, and finds none of theirs', async () => {
    const other = await anExercise(tocsin, [alice]);
    for (const realm of ['production', other.slug]) {
      const { body } = await alicePlays.sends('post', '/keys').send({ role: 'feed', realm });
      expect(body).toMatchObject({ code: 'realm_not_allowed' });
    }
    const made = await alicePlays.sends('post', '/keys').send({ role: 'feed' }).expect(201);
    expect(made.body).toMatchObject({ realm: exercise.slug });
    const { body } = await alicePlays.sends('get', '/keys').expect(200);
    const { keys } = body as { keys: { realm: string }[] };
    expect(new Set(keys.map(({ realm }) => realm))).toEqual(new Set([exercise.slug]));
    await alicePlays.sends('delete', `/keys/${idOf(alice)}`).expect(404);
    await alicePlays
      .sends('post', `/keys/${idOf(alice)}/rotate`)
      .send({})
      .expect(404);
  });

  it('stays in its realm when it is rotated, by anyone', async () => {
    for (const by of [alice, alicePlays]) {
      const feed = await playing(tocsin, alice, exercise, 'feed');
      const rotated = await by
        .sends('post', `/keys/${idOf(feed)}/rotate`)
        .send({})
        .expect(201);
      expect(rotated.body).toMatchObject({ realm: exercise.slug });
    }
  });

  it('has never the role that has the whole server', async () => {
    const admin = await anActor(tocsin, { role: 'admin' });
    const wish = { organisation: alice.slug, realm: exercise.slug, role: 'admin' };
    const { body } = await admin.sends('post', '/keys').send(wish).expect(403);
    expect(body).toMatchObject({ code: 'role_not_allowed', path: 'body.role' });
  });

  it('learns who in its exercise sees what, and nothing about others', async () => {
    const ask = (actor: Actor, audience: string) =>
      actor.sends('post', '/audiences/preview').send({ audience: [audience], tlp: 'amber' });
    const preview = await ask(alicePlays, exercise.slug).expect(200);
    const { levels } = preview.body as {
      levels: { sees: { organisation: string }[]; does_not_see: object[] }[];
    };
    const told = levels[0]?.sees.map(({ organisation }) => organisation) ?? [];
    expect(new Set(told)).toEqual(new Set([alice.slug, bob.slug]));
    expect(levels[0]?.does_not_see).toEqual([]);
    for (const [actor, audience] of [
      [alicePlays, 'alliance'],
      [alicePlays, outsider.slug],
      [alice, exercise.slug],
    ] as const) {
      expect((await ask(actor, audience).expect(400)).body).toMatchObject({
        code: 'audience_unknown',
      });
    }
    const object = indicator();
    await alicePlays.shares(object);
    const access = (actor: Actor, organisation: string) =>
      actor.sends('get', `/objects/${object.id}/access`).query({ organisation });
    const { body } = await access(alicePlays, bob.slug).expect(200);
    expect(body).toMatchObject({ versions: [{ sees: true, shared_by: alice.slug }] });
    await access(alicePlays, outsider.slug).expect(404);
    await access(alice, bob.slug).expect(404);
    await access(bobPlays, bob.slug).expect(404);
    await access(await anActor(tocsin, { role: 'admin' }), bob.slug).expect(404);
  });

  it('says where it is', async () => {
    const { body, headers } = await alicePlays.sends('get', '/me').expect(200);
    expect(body).toMatchObject({ realm: exercise, audiences: [{ slug: exercise.slug }] });
    expect(headers['tocsin-realm']).toBe(exercise.slug);
    const production = await alice.sends('get', '/me').expect(200);
    expect(production.body).toMatchObject({ realm: { slug: 'production' } });
    expect(production.headers).not.toHaveProperty('tocsin-realm');
  });
});

describe('an organisation', () => {
  it('without an agreement in the exercise gets no key for it, and none that opens anything', async () => {
    const wish = { role: 'feed', realm: exercise.slug };
    const { body } = await outsider.sends('post', '/keys').send(wish).expect(400);
    expect(body).toMatchObject({ code: 'realm_unknown' });
    await expect(playing(tocsin, outsider, exercise)).rejects.toThrow('There is no realm');
    const played = await playing(tocsin, alice, await anExercise(tocsin, [alice]));
    await played.sends('get', '/me').expect(200);
    await tocsin.sql(
      `update agreement a set ended_at = now() from audience c, organisation o
       where c.id = a.community_id and o.id = a.organisation_id and c.realm_id =
         (select max(id) from realm) and o.slug = $1`,
      [alice.slug],
    );
    const refused = await played.sends('get', '/me').expect(403);
    expect(refused.body).toMatchObject({ code: 'organisation_not_active' });
    // Its agreement in production serves in production.
    await alice.sends('get', '/me').expect(200);
  });

  it('with an agreement in the exercise alone has nothing in production', async () => {
    const guest = await anActor(tocsin, { communities: [] });
    await guest.sends('get', '/me').expect(403);
    const own = await anExercise(tocsin, [guest, alice]);
    const plays = await playing(tocsin, guest, own);
    await plays.sends('get', '/me').expect(200);
    await guest.sends('get', '/me').expect(403);
    const production = indicator();
    await alice.shares(production);
    expect(await plays.sees()).not.toContain(production.id);
  });

  it('does not see exercises that it takes no part in', async () => {
    const other = await anExercise(tocsin, [outsider]);
    await alice.sends('get', `/realms/${exercise.slug}`).expect(200);
    await alice.sends('get', `/realms/${other.slug}`).expect(404);
    await outsider.sends('get', `/realms/${exercise.slug}`).expect(404);
    const { text } = await outsider.sends('get', '/realms').expect(200);
    expect(text).toContain(other.slug);
    expect(text).not.toContain(exercise.slug);
    // From within one, not even those that it does take part in.
    const second = await anExercise(tocsin, [alice]);
    await alicePlays.sends('get', `/realms/${exercise.slug}`).expect(200);
    await alicePlays.sends('get', `/realms/${second.slug}`).expect(404);
  });
});

describe('a sharing group', () => {
  it('is in its realm alone, its name too', async () => {
    const group = await createGroup(alicePlays);
    // Only an administrator can give it the same slug as one of another realm.
    const admin = await alice.as('admin');
    expect(await createGroup(admin, { slug: group })).toBe(group);
    await admits(alicePlays, group, bobPlays);
    await bobPlays.sends('get', `/sharing-groups/${group}`).expect(200);
    await bob.sends('get', `/sharing-groups/${group}`).expect(404);
    const { text } = await bob.sends('get', '/sharing-groups').expect(200);
    expect(text).not.toContain(group);
    const object = indicator();
    await alice.shares(object, { audience: group });
    expect(await bobPlays.sees()).not.toContain(object.id);
    expect(await bob.sees()).not.toContain(object.id);
  });

  it('of an exercise takes nobody from outside', async () => {
    const group = slug('group');
    const wish = { slug: group, name: group, members: [outsider.slug] };
    const { body } = await alicePlays.sends('post', '/sharing-groups').send(wish).expect(400);
    expect(body).toMatchObject({ code: 'organisation_unknown' });
  });
});
