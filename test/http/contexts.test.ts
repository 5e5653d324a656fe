/** What every door gives beside each object, and how the object itself says at which level it is shared. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, malware, marked, newer, TLP, type PostedObject } from '../support/builders.ts';
import { anExercise, markedFor, playing } from '../support/exercise.ts';
import { aGroup } from '../support/groups.ts';
import { readingDoors, missing, contextAt, type ReadingDoor } from '../support/reading-doors.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
/** Who shares, unmarked, as AMBER; as AMBER+STRICT; and who reads both. */
let alice: Actor;
let strict: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  strict = await anActor(tocsin, { communities, defaultTlp: 'amber+strict' });
  bob = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const NAMES = ['changes', 'changes in lines', 'object', 'versions', 'history', 'stream', 'webhook'];

const door = (name: string): ReadingDoor => readingDoors(tocsin, webhooks)[name] ?? missing();

const raise = (by: Actor, { id }: PostedObject, tlp: string) =>
  by.sends('patch', `/objects/${id}`).send({ tlp }).expect(204);

describe.each(NAMES)('%s', (name) => {
  const read: ReadingDoor = (...asked) => door(name)(...asked);

  it('gives an object raised since it was posted, as served and as posted', async () => {
    const object = marked('green');
    await alice.shares(object);
    await raise(alice, object, 'amber+strict');
    await tocsin.sequenced();
    const served = await read(bob, object.id, false);
    expect(served.object).toEqual({ ...object, object_marking_refs: [TLP.strict] });
    expect(served.context).toEqual({
      tlp: 'amber+strict',
      sharers: [alice.slug],
      date_added: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      realm: 'production',
    });
    const posted = await read(bob, object.id, true);
    expect(posted.object).toEqual(object);
    expect(posted.context).toMatchObject({ tlp: 'amber+strict', sharers: [alice.slug] });
  });

  it('gives an unmarked object at the default level of its sharer', async () => {
    const object = malware();
    await strict.shares(object);
    const { object: served, context } = await read(bob, object.id, false);
    expect(served).toEqual({ ...object, object_marking_refs: [TLP.strict] });
    expect(context).toMatchObject({ tlp: 'amber+strict', sharers: [strict.slug] });
    expect((await read(bob, object.id, true)).object).toEqual(object);
  });
});

describe('who shared it', () => {
  it('is not told where that tells who is in a group with hidden members', async () => {
    const [sharer, reader, owner] = await Promise.all(
      [1, 2, 3].map(() => anActor(tocsin, { communities: [slug()] })),
    );
    if (!sharer || !reader || !owner) return missing();
    const group = await aGroup(tocsin, [sharer, reader, owner]);
    const owned = `(select id from organisation where slug = $2)`;
    await tocsin.sql(
      `insert into audience_owner (audience_id, organisation_id)
       select id, ${owned} from audience where slug = $1`,
      [group, owner.slug],
    );
    const hide = (hidden: boolean) =>
      tocsin.sql('update audience set hidden_members = $2 where slug = $1', [group, hidden]);
    const object = indicator();
    await sharer.shares(object, { audience: group });
    for (const name of NAMES) {
      const read = door(name);
      await hide(false);
      expect((await read(reader, object.id, false)).context.sharers).toEqual([sharer.slug]);
      await hide(true);
      expect((await read(reader, object.id, false)).context.sharers).toEqual([]);
      expect((await read(owner, object.id, false)).context.sharers).toEqual([sharer.slug]);
      expect((await read(sharer, object.id, false)).context.sharers).toEqual([sharer.slug]);
    }
    // With the audience naming it as well, it sees the sharer.
    await sharer.shares(newer(object), { audience: `${group},${reader.slug}` });
    const { context } = await door('changes')(reader, object.id, false);
    expect(context.sharers).toEqual([sharer.slug]);
  });

  it('is not told of a member that no longer takes part', async () => {
    const sharer = await anActor(tocsin, { communities: [slug()] });
    const object = indicator();
    await sharer.shares(object, { audience: bob.slug });
    await tocsin.sql(`update organisation set status = 'suspended' where slug = $1`, [sharer.slug]);
    for (const name of ['changes', 'object', 'history']) {
      const { context } = await door(name)(bob, object.id, false);
      expect([name, context.sharers]).toEqual([name, []]);
    }
  });

  it('is everybody who shared the same version, at the strictest level, where it is read by its id', async () => {
    const object = indicator();
    await alice.shares(marked('green', object));
    await strict.shares({ ...object, object_marking_refs: [TLP.strict] });
    const { object: served, context } = await door('object')(bob, object.id, false);
    expect(served['object_marking_refs']).toEqual([TLP.strict]);
    expect(context).toMatchObject({
      tlp: 'amber+strict',
      sharers: [alice.slug, strict.slug].toSorted(),
    });
    const { context: listed, objects } = await bob.reads({ limit: 10_000 });
    const levels = objects.flatMap(({ id }, i) =>
      id === object.id ? contextAt(listed, i).tlp : [],
    );
    expect(levels).toEqual(['green', 'amber+strict']);
  });
});

describe('what is marked', () => {
  it('are custom markings and language content too, but no predefined marking', async () => {
    const DAY = '2026-01-01T00:00:00.000Z';
    const definition = {
      type: 'marking-definition',
      spec_version: '2.1',
      id: `marking-definition--${randomUUID()}`,
      created: DAY,
      definition_type: 'statement',
      definition: { statement: 'Handle with care' },
    };
    const object = indicator({ object_marking_refs: [definition.id] });
    const language = {
      type: 'language-content',
      spec_version: '2.1',
      id: `language-content--${randomUUID()}`,
      created: DAY,
      modified: DAY,
      object_ref: object.id,
      contents: { de: { name: 'Leuchtfeuer' } },
    };
    const predefined = {
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
    await alice.shares([definition, object, language, predefined]);
    const served = async ({ id }: { id: string }) => (await door('changes')(bob, id, false)).object;
    expect(await served(definition)).toEqual({ ...definition, object_marking_refs: [TLP.amber] });
    expect(await served(language)).toEqual({ ...language, object_marking_refs: [TLP.amber] });
    expect(await served(object)).toEqual({
      ...object,
      object_marking_refs: [definition.id, TLP.amber],
    });
    expect(await served(predefined)).toEqual(predefined);
  });

  it('is defined in a bundle, and not where objects go as posted', async () => {
    const [served, posted] = [
      await subscribes(bob, webhooks),
      await subscribes(bob, webhooks, { as_posted: true }),
    ];
    const [one, two] = [indicator(), marked('green')];
    await alice.shares([one, two]);
    const come = async ({ path }: { path: string }) => {
      const all = await webhooks.until(path, (seen) => seen.flatMap((a) => a.objects).length >= 2);
      return all.flatMap(({ definitions }) => definitions.map(({ id }) => id)).toSorted();
    };
    expect(await come(served)).toEqual([TLP.green, TLP.amber].toSorted());
    expect(await come(posted)).toEqual([]);
    const { body } = await bob
      .sends('patch', `/subscriptions/${posted.id}`)
      .send({ as_posted: false });
    expect(body).toMatchObject({ as_posted: false });
  });
});

it('names the realm of an exercise', async () => {
  const exercise = await anExercise(tocsin, [alice, bob]);
  const sharer = await playing(tocsin, alice, exercise);
  const reader = await playing(tocsin, bob, exercise);
  const object = indicator();
  await sharer.shares(object);
  for (const name of ['changes', 'changes in lines', 'object', 'versions', 'history', 'webhook']) {
    const { object: served, context } = await door(name)(reader, object.id, false);
    expect([name, context]).toMatchObject([name, { realm: exercise.slug, sharers: [alice.slug] }]);
    expect(served).toEqual({ ...markedFor(exercise, object), object_marking_refs: [TLP.amber] });
  }
});
