/** Reading without superseded versions: nothing else is missing, whatever happens meanwhile. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { anActor, slug, type Actor, type Changes } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { follow } from '../support/follow.ts';
import { standing, subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;

beforeAll(async () => {
  webhooks = await receiveWebhooks();
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

/** A sharer and a reader in a community of their own. */
async function twoMembers(): Promise<{ alice: Actor; bob: Actor }> {
  const communities = [slug()];
  const alice = await anActor(tocsin, { communities });
  return { alice, bob: await anActor(tocsin, { communities }) };
}

const versionsOf = (objects: readonly PostedObject[]) =>
  objects.map(({ id, modified }) => `${id} ${String(modified)}`);

async function page(actor: Actor, query: object): Promise<Changes> {
  const { body } = await actor
    .sends('get', '/changes')
    .query({ current: true, ...query })
    .expect(200);
  return body as Changes;
}

it('leaves out superseded versions, and nothing else', async () => {
  const { alice, bob } = await twoMembers();
  const [changed, plain, lost, ended] = [indicator(), indicator(), indicator(), indicator()];
  await alice.shares([changed, plain, lost, ended]);
  await alice.shares([newer(changed), newer(changed, 2)]);
  await alice.shares(newer(lost), { audience: alice.slug });
  await alice.shares(newer(ended, 1, { revoked: true }));
  await tocsin.sequenced();
  const { objects, withdrawn } = await page(bob, { limit: 1000 });
  const expected = [plain, newer(changed, 2), newer(ended)];
  expect(versionsOf(objects)).toEqual(versionsOf(expected));
  expect(withdrawn).toEqual([lost.id]);
  expect((await bob.reads()).objects).toHaveLength(6);
});

it('ends with what is visible, while others post, replace, withdraw and revoke', async () => {
  const { alice, bob } = await twoMembers();
  const objects = Array.from({ length: 30 }, () => indicator());
  await alice.shares(objects);
  const held = new Map<string, string>();
  let next = '';
  const readOn = async (): Promise<boolean> => {
    const part = await page(bob, { limit: 4, ...(next === '' ? {} : { after: next }) });
    for (const { id, modified } of part.objects) held.set(id, String(modified));
    for (const id of part.withdrawn) held.delete(id);
    next = part.next;
    return part.more;
  };
  const current = new Map(objects.map((object) => [object.id, object]));
  for (let turn = 0; turn < 60; turn++) {
    const object = current.get(objects[(turn * 7) % objects.length]?.id ?? '');
    if (object !== undefined) {
      const changed = newer(object);
      const isLost = turn % 5 === 4;
      await alice.shares(changed, isLost ? { audience: alice.slug } : {});
      current.set(object.id, changed);
    }
    if (turn % 3 === 0) await readOn();
  }
  while (await readOn());
  const { objects: visible } = await bob.reads({ limit: 10_000 });
  const newest = new Map(visible.map(({ id, modified }) => [id, String(modified)]));
  expect(Object.fromEntries(held)).toEqual(Object.fromEntries(newest));
  expect(newest.size).toBeGreaterThan(10);
});

it('is a way to follow the stream, too', async () => {
  const { alice, bob } = await twoMembers();
  const { next } = await bob.reads();
  const object = indicator();
  await alice.shares(object);
  await alice.shares(newer(object));
  const stream = await follow(tocsin, bob, { after: next, current: true });
  const events = await stream.until(({ event }) => event === 'object');
  expect(events.at(-1)?.data).toMatchObject({ modified: newer(object)['modified'] });
  await stream.close();
});

it.each([
  ['of itself', {}, 1],
  ['not where its owner wants all', { current: false }, 2],
])('is how a new subscription from the beginning reads, %s', async (_, wish, count) => {
  const { alice, bob } = await twoMembers();
  const object = indicator();
  await alice.shares(object);
  await alice.shares(newer(object));
  const { path } = await subscribes(bob, webhooks, { start: 'beginning', ...wish });
  const come = await webhooks.until(path, (all) =>
    all.some(({ objects }) =>
      objects.some(({ modified }) => modified === newer(object)['modified']),
    ),
  );
  const sent = come.flatMap(({ objects }) => objects.map(({ modified }) => modified));
  expect(sent).toHaveLength(count);
  // From there on, every version comes.
  await alice.shares([newer(object, 2), newer(object, 3)]);
  const last = newer(object, 3)['modified'];
  const all = await webhooks.until(path, (deliveries) =>
    deliveries.some(({ objects }) => objects.some(({ modified }) => modified === last)),
  );
  expect(all.flatMap(({ objects }) => objects)).toHaveLength(count + 2);
});

it('a replay of current versions sends the end of what was delivered', async () => {
  const { alice, bob } = await twoMembers();
  const subscription = await subscribes(bob, webhooks, { filter: { labels: ['wanted'] } });
  const [ended, plain] = [indicator({ labels: ['wanted'] }), indicator({ labels: ['wanted'] })];
  await alice.shares(ended);
  await webhooks.until(subscription.path, (all) => all.length > 0);
  const settled = () => standing(bob, subscription).then(({ cursor }) => cursor);
  const { next } = await bob.reads();
  await vi.waitUntil(async () => (await settled()) === next, { timeout: 60_000 });
  const changes = (state: string) =>
    bob.sends('patch', `/subscriptions/${subscription.id}`).send({ state }).expect(200);
  await changes('paused');
  // What ended it is superseded, too.
  await alice.shares([
    newer(ended, 1, { labels: ['other'] }),
    newer(ended, 2, { labels: ['other'] }),
    plain,
  ]);
  const replay = { start: 'beginning', current: true };
  const path = `/subscriptions/${subscription.id}/replay`;
  await bob.sends('post', path).send(replay).expect(200);
  // A second one knows what the first one knew.
  await bob.sends('post', path).send(replay).expect(200);
  await changes('active');
  const come = await webhooks.until(subscription.path, (all) =>
    all.some(({ objects }) => objects.some(({ id }) => id === plain.id)),
  );
  const sent = come.slice(1).flatMap(({ objects }) => objects);
  expect(versionsOf(sent)).toEqual(versionsOf([newer(ended), plain]));
});

it('from a cursor, every version comes', async () => {
  const { alice, bob } = await twoMembers();
  const object = indicator({ labels: ['wanted'] });
  await alice.shares(object);
  const { next } = await bob.reads();
  await alice.shares([
    newer(object, 1, { labels: ['other'] }),
    newer(object, 2, { labels: ['other'] }),
  ]);
  const last = indicator({ labels: ['wanted'] });
  await alice.shares(last);
  const wish = { start: { cursor: next }, current: true, filter: { labels: ['wanted'] } };
  const { path } = await subscribes(bob, webhooks, wish);
  const come = await webhooks.until(path, (all) =>
    all.some(({ objects }) => objects.some(({ id }) => id === last.id)),
  );
  expect(versionsOf(come.flatMap(({ objects }) => objects))).toEqual(
    versionsOf([newer(object), last]),
  );
});
