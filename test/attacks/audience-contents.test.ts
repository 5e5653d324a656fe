/** Contents that one audience was given, and others would learn by posts, filters or results. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { address, indicator, marked, newer, TLP, type PostedObject } from '../support/builders.ts';
import { admits, createGroup } from '../support/groups.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  webhooks = await receiveWebhooks();
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

function labelled({ type, ...rest }: PostedObject): PostedObject {
  return { ...rest, type, id: `${type}--${randomUUID()}`, labels: ['blocked'] };
}

const everything = async (actor: Actor) => JSON.stringify(await actor.reads({ limit: 10_000 }));

describe('content of one audience', () => {
  it('is not told to another by the filter of a subscription', async () => {
    const wish = { filter: { confidence_min: 80 } };
    const outsider = await subscribes(bob, webhooks, wish);
    const insider = await subscribes(carol, webhooks, wish);
    const object = indicator({ confidence: 90 });
    await alice.shares(object, { audience: carol.slug });
    const both = { audience: `${bob.slug},${carol.slug}` };
    await alice.shares(newer(object, 1, { confidence: 10 }), both);
    const last = indicator({ confidence: 99 });
    await alice.shares(last);
    const sent = async (path: string) => {
      const all = await webhooks.until(path, (come) =>
        come.some(({ objects }) => objects.some(({ id }) => id === last.id)),
      );
      return all.flatMap(({ objects }) => objects.map(({ confidence }) => confidence));
    };
    // The control: a reader who saw the version before learns that the object ceased to match.
    expect(await sent(insider.path)).toEqual([90, 10, 99]);
    expect(await sent(outsider.path)).toEqual([99]);
  });

  it.each([
    ['an identity', () => labelled({ ...indicator(), type: 'identity', name: 'A company' })],
    ['an observable', () => labelled(address())],
    ['an indicator', () => labelled(indicator())],
  ])('does not keep the end of %s from a subscription that was sent it', async (_, make) => {
    const { path } = await subscribes(bob, webhooks, { filter: { labels: ['blocked'] } });
    const object = make();
    await alice.shares(object);
    await webhooks.until(path, (all) => all.length > 0);
    const ending = { labels: ['harmless'] };
    const next = (minutes: number, note: string) =>
      'modified' in object
        ? newer(object, minutes, { ...ending, x_note: note })
        : { ...object, ...ending, x_note: note };
    await alice.shares(next(1, 'for carol'), { audience: carol.slug });
    await alice.shares(next(2, 'for all'), { audience: `${bob.slug},${carol.slug}` });
    const come = await webhooks.until(path, (all) => all.length > 1);
    const last = come.at(-1);
    const end = last?.objects.map((one) => one['labels']) ?? [];
    expect([...end, ...(last?.withdrawn ?? [])]).toEqual(
      end.length > 0 ? [ending.labels] : [object.id],
    );
    expect(JSON.stringify(come)).not.toContain('for carol');
  });

  it('stays with it when the same observable goes to another', async () => {
    const object = marked('green', address());
    await alice.shares({ ...object, x_note: 'for carol alone' }, { audience: carol.slug });
    await alice.shares(object);
    expect(await everything(carol)).toContain('for carol alone');
    expect(await everything(bob)).not.toContain('for carol alone');
    expect(await everything(bob)).toContain(object.id);
  });

  it('is not given away by a level that is changed for every audience', async () => {
    const object = marked('green', address());
    await alice.shares({ ...object, x_note: 'for carol only' }, { audience: carol.slug });
    await alice.shares(object);
    await alice.sends('patch', `/objects/${object.id}`).send({ tlp: 'amber' }).expect(204);
    expect(await everything(bob)).not.toContain('for carol only');
  });
});

describe('the level of an observable', () => {
  const levelFor = async (actor: Actor, id: string): Promise<unknown> => {
    await tocsin.sequenced();
    const { headers } = await actor.finds(id).expect(200);
    return (JSON.parse(String(headers['tocsin-context'])) as { tlp: string }).tlp;
  };
  const lastFor = async (actor: Actor, id: string): Promise<unknown> => {
    const { objects, context } = await actor.reads({ limit: 10_000 });
    return context[objects.findLastIndex((object) => object.id === id)]?.tlp;
  };
  const warnings = ({ body }: { body: unknown }) =>
    JSON.stringify((body as { results: unknown }).results);

  it('is not lowered by a post for more, and a stricter post for them counts', async () => {
    const object = address();
    await alice.shares(marked('strict', object), { audience: bob.slug });
    const wider = await alice.posts(marked('green', object));
    expect(warnings(wider)).toContain('TLP:AMBER+STRICT still see that level');
    expect(await levelFor(bob, object.id)).toBe('amber+strict');
    expect(await lastFor(bob, object.id)).toBe('amber+strict');
    expect(await levelFor(carol, object.id)).toBe('green');
    await alice.shares(marked('strict', object));
    for (const actor of [bob, carol]) {
      expect(await levelFor(actor, object.id)).toBe('amber+strict');
      expect(await lastFor(actor, object.id)).toBe('amber+strict');
    }
  });

  it('is not lowered by a less strict post, which is sent to nobody', async () => {
    const object = address();
    await alice.shares(marked('green', object));
    await alice.shares(marked('strict', object), { audience: bob.slug });
    const { next } = await carol.reads({ limit: 10_000 });
    const lower = await alice.posts(marked('green', object), { audience: bob.slug });
    expect(warnings(lower)).toContain('tlp_unchanged');
    expect(warnings(lower)).toContain('TLP:AMBER+STRICT');
    expect((await carol.reads({ after: next })).objects).toEqual([]);
    expect(await levelFor(bob, object.id)).toBe('amber+strict');
    // Its sharer takes it back, and then posts it at the lower level.
    const toItself = { audience: [alice.slug] };
    await alice.sends('patch', `/objects/${object.id}`).send(toItself).expect(204);
    await alice.shares(marked('green', object), { audience: bob.slug });
    expect(await levelFor(bob, object.id)).toBe('green');
  });

  it('is that of the stricter of two sharers, read by id, in the log and by webhook', async () => {
    const subscribed = await subscribes(bob, webhooks);
    const object = address();
    const other = address();
    await carol.shares(marked('amber', object));
    await alice.shares([marked('clear', object), marked('clear', other)]);
    const { body, headers } = await bob.finds(object.id).expect(200);
    expect(body).toMatchObject({ id: object.id });
    expect(JSON.parse(String(headers['tocsin-context']))).toMatchObject({
      tlp: 'amber',
      sharers: [alice.slug, carol.slug].toSorted(),
    });
    expect(await lastFor(bob, object.id)).toBe('amber');
    const sent = await webhooks.until(subscribed.path, (come) =>
      come.some(({ objects }) => objects.some(({ id }) => id === other.id)),
    );
    const marks = sent.flatMap(({ objects }) => objects.filter(({ id }) => id === object.id));
    expect(marks.map((one) => one['object_marking_refs'])).toEqual([[TLP.amber], [TLP.amber]]);
  });
});

it('a result does not tell who is in a group with hidden members', async () => {
  const warningFor = async (joins: boolean): Promise<string> => {
    const owner = await anActor(tocsin);
    const group = await createGroup(owner, { hidden_members: true });
    await admits(owner, group, alice);
    if (joins) await admits(owner, group, bob);
    const object = address();
    await alice.shares(object, { audience: bob.slug });
    const { body } = await alice.posts(object, { audience: group }).expect(200);
    return JSON.stringify(body).replaceAll(group, 'group').replaceAll(object.id, 'id');
  };
  const bundle = /"bundle":"[^"]+"/;
  expect((await warningFor(true)).replace(bundle, '')).toBe(
    (await warningFor(false)).replace(bundle, ''),
  );
});
