import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSharedContents } from '../../src/deliveries/contents.ts';
import { deliver, type DeliveryContext } from '../../src/deliveries/deliver.ts';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { createDeliveryMetrics } from '../../src/deliveries/metrics.ts';
import { createLogger, createRegistry } from '../../src/telemetry.ts';
import { anActor, slug } from '../support/actors.ts';
import { indicator, marked } from '../support/builders.ts';
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

function contextOf(workerId: string): DeliveryContext {
  const { db, keyring, clock } = tocsin;
  const disclosures = { record: () => undefined };
  const [logger, metrics] = [createLogger('silent'), createDeliveryMetrics(createRegistry())];
  const contents = createSharedContents();
  const own = { workerId, contents, random: () => 0 };
  return { db, keyring, clock, egress, logger, metrics, disclosures, ...own };
}

it('a worker sends nothing of what it read before its lease may have passed to another', async () => {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const subscription = await subscribes(reader, webhooks, { start: 'beginning' });
  const object = indicator();
  await sharer.shares(object);
  const workerId = randomUUID();
  await tocsin.sql(
    `update subscription set lease_owner = $2, lease_until = now() + interval '1 hour' where id = $1`,
    [subscription.id, workerId],
  );
  const { head } = await findLogBounds(tocsin.db);
  const due = { subscriptionId: subscription.id, cursor: 0, moves: 0, head };
  const context = contextOf(workerId);

  expect(await deliver(context, { ...due, isHeld: () => false })).toEqual({ kind: 'lost' });
  expect(await attempts(reader, subscription)).toEqual([]);
  expect(webhooks.deliveries).toEqual([]);

  const step = await deliver(context, { ...due, isHeld: () => true });
  expect(step).toMatchObject({ kind: 'moved', sent: true });
  expect(webhooks.deliveries.flatMap(({ objects }) => objects)).toEqual([marked('amber', object)]);
});
