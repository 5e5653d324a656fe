/** Contents that one audience was given, and others would learn by posts, filters or results. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { address, indicator, marked, newer, type PostedObject } from '../support/builders.ts';
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
    await alice.shares(newer(object, 1, { confidence: 10 }));
    const last = indicator({ confidence: 99 });
    await alice.shares(last);
    const sent = async (path: string) => {
      const all = await webhooks.until(path, (come) =>
        come.some(({ objects }) => objects.some(({ id }) => id === last.id)),
      );
      return all.flatMap(({ objects }) => objects.map(({ confidence }) => confidence));
    };
    // The control: whoever saw the version before learns that the object ceased to match.
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
    await alice.shares(next(2, 'for all'));
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
