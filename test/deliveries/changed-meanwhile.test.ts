/** What changes between reading and sending is noticed: before the POST where it was heard of, else when it is settled. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SharedContents } from '../../src/deliveries/contents.ts';
import { deliver, type DeliveryContext } from '../../src/deliveries/deliver.ts';
import { sign } from '../../src/deliveries/signature.ts';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { deliveryContext, giveLease } from '../support/delivery-context.ts';
import { admits, createGroup } from '../support/groups.ts';
import { standing, subscribes, type Subscribed } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Delivery, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let egress: Egress;

beforeAll(async () => {
  tocsin = await startTocsin();
  webhooks = await receiveWebhooks();
  egress = createEgress({ allow: ['127.0.0.0/8'] });
});
beforeEach(() => webhooks.answers(() => ({})));
afterAll(async () => {
  await egress.close();
  await tocsin.close();
  await webhooks.close();
});

interface Case {
  readonly sharer: Actor;
  readonly reader: Actor;
  readonly group: string;
  readonly subscription: Subscribed;
  readonly context: DeliveryContext;
  due(revision?: number): Parameters<typeof deliver>[1];
}

/** A subscription that a worker of the test holds, with one object of a group to deliver. */
async function prepared(): Promise<Case> {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const group = await createGroup(sharer);
  await admits(sharer, group, reader);
  const subscription = await subscribes(reader, webhooks, { start: 'beginning' });
  await sharer.shares(indicator(), { audience: group });
  await tocsin.sequenced();
  const context = deliveryContext(tocsin, egress);
  await giveLease(tocsin, subscription.id, context.workerId);
  const { head } = await findLogBounds(tocsin.db);
  const { id: subscriptionId } = subscription;
  const due = (revision = 0) => ({
    subscriptionId,
    cursor: 0,
    revision,
    head,
    isHeld: () => true,
  });
  return { sharer, reader, group, subscription, context, due };
}

/** Lets `change` happen once, after everything was read; `heard` says whether the worker hears of it. */
function changing(
  context: DeliveryContext,
  change: () => Promise<unknown>,
  { heard }: { heard: boolean },
): DeliveryContext {
  let changes = 0;
  const contents: SharedContents = {
    ...context.contents,
    read: async (...given) => {
      const part = await context.contents.read(...given);
      if (changes++ === 0) await change();
      return part;
    },
  };
  return { ...context, contents, changesHeard: () => (heard ? changes : 0) };
}

function came(...paths: string[]): Delivery[] {
  return webhooks.deliveries.filter(({ path }) => paths.includes(path));
}

function isSignedBy({ headers, text }: Delivery, secret: string): boolean {
  const [id, seconds] = [headers['webhook-id'], headers['webhook-timestamp']].map(String);
  const signed = { secret, id: id ?? '', timestampSeconds: Number(seconds), body: text };
  return headers['webhook-signature'] === sign(signed);
}

it('a URL: nothing more goes to the old one', async () => {
  const { reader, subscription, context, due } = await prepared();
  const { id, path } = subscription;
  const change = () =>
    reader.sends('patch', `/subscriptions/${id}`).send({ url: `${webhooks.url}${path}/new` });
  const step = await deliver(changing(context, change, { heard: true }), due());
  expect(step).toEqual({ kind: 'changed' });
  expect(came(path, `${path}/new`)).toEqual([]);
  expect(await deliver(context, due(1))).toMatchObject({ kind: 'moved', sent: true });
  expect(came(path, `${path}/new`).map((one) => one.path)).toEqual([`${path}/new`]);
});

it('a URL of whose change nothing was heard: the new one gets it all the same', async () => {
  const { reader, subscription, context, due } = await prepared();
  const { id, path } = subscription;
  const change = () =>
    reader.sends('patch', `/subscriptions/${id}`).send({ url: `${webhooks.url}${path}/new` });
  const step = await deliver(changing(context, change, { heard: false }), due());
  expect(step).toEqual({ kind: 'lost' });
  expect(await deliver(context, due(1))).toMatchObject({ kind: 'moved', sent: true });
  expect(came(path, `${path}/new`).map((one) => one.path)).toEqual([path, `${path}/new`]);
});

it.each([true, false])(
  'a secret that was leaked signs nothing that counts, heard: %s',
  async (heard) => {
    const { reader, subscription, context, due } = await prepared();
    const { id, path, secret } = subscription;
    let fresh = '';
    const change = async () => {
      const rotation = reader.sends('post', `/subscriptions/${id}/rotate-secret`);
      fresh = ((await rotation.send({ overlap_seconds: 0 })).body as { secret: string }).secret;
    };
    const kind = heard ? 'changed' : 'lost';
    expect(await deliver(changing(context, change, { heard }), due())).toEqual({ kind });
    // The same context: what it remembers of the endpoint is what was read before.
    expect(await deliver(context, due(1))).toMatchObject({ kind: 'moved', sent: true });
    const last = came(path).at(-1);
    expect(last && isSignedBy(last, fresh)).toBe(true);
    expect(last && isSignedBy(last, secret)).toBe(false);
    expect(came(path)).toHaveLength(heard ? 1 : 2);
  },
);

it('a subscription that is paused while its receiver answers stays paused', async () => {
  const { reader, subscription, context, due } = await prepared();
  const { id } = subscription;
  webhooks.answers(() => ({
    after: reader.sends('patch', `/subscriptions/${id}`).send({ state: 'paused' }),
  }));
  expect(await deliver(context, due())).toEqual({ kind: 'lost' });
  expect(await standing(reader, subscription)).toMatchObject({ state: 'paused' });
});

it('an agreement: one that is suspended is sent nothing', async () => {
  const { reader, subscription, context, due } = await prepared();
  const admin = await anActor(tocsin, { role: 'admin' });
  const change = () =>
    admin.sends('patch', `/organisations/${reader.slug}`).send({ status: 'suspended' }).expect(200);
  const step = await deliver(changing(context, change, { heard: true }), due());
  expect(step).toMatchObject({ kind: 'moved', sent: false });
  expect(came(subscription.path)).toEqual([]);
});

it('an audience: one that has left the group is sent nothing', async () => {
  const { sharer, reader, group, subscription, context, due } = await prepared();
  const change = () =>
    sharer.sends('delete', `/sharing-groups/${group}/members/${reader.slug}`).expect(204);
  const step = await deliver(changing(context, change, { heard: true }), due());
  expect(step).toMatchObject({ kind: 'moved', sent: false });
  expect(came(subscription.path)).toEqual([]);
});
