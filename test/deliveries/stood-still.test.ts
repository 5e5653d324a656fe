import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deliver } from '../../src/deliveries/deliver.ts';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { anActor, slug } from '../support/actors.ts';
import { indicator, marked } from '../support/builders.ts';
import { deliveryContext, giveLease } from '../support/delivery-context.ts';
import { attempts, subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let egress: Egress;

beforeAll(async () => {
  tocsin = await startTocsin();
  webhooks = await receiveWebhooks();
  egress = createEgress({ allow: ['127.0.0.0/8'] });
});
afterAll(async () => {
  await egress.close();
  await tocsin.close();
  await webhooks.close();
});

it('a worker sends nothing of what it read before its lease may have passed to another', async () => {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const subscription = await subscribes(reader, webhooks, { start: 'beginning' });
  const object = indicator();
  await sharer.shares(object);
  const workerId = randomUUID();
  await giveLease(tocsin, subscription.id, workerId);
  const { head } = await findLogBounds(tocsin.db);
  const due = { subscriptionId: subscription.id, cursor: 0, revision: 0, head };
  const context = deliveryContext(tocsin, egress, workerId);

  expect(await deliver(context, { ...due, isHeld: () => false })).toEqual({ kind: 'lost' });
  expect(await attempts(reader, subscription)).toEqual([]);
  expect(webhooks.deliveries).toEqual([]);

  const step = await deliver(context, { ...due, isHeld: () => true });
  expect(step).toMatchObject({ kind: 'moved', sent: true });
  expect(webhooks.deliveries.flatMap(({ objects }) => objects)).toEqual([marked('amber', object)]);
});
