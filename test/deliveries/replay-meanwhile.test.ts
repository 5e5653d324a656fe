/** A replay that comes while a delivery is under way is not lost in it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deliver } from '../../src/deliveries/deliver.ts';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { skipTo } from '../../src/store/deliveries/attempts.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { deliveryContext, giveLease } from '../support/delivery-context.ts';
import { subscribes } from '../support/subscribe.ts';
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

const workerId = randomUUID();

const context = () => deliveryContext(tocsin, egress, workerId);

async function cursorOf(id: string): Promise<number> {
  const [row] = await tocsin.sql<{ cursor: string }>(
    'select cursor from subscription where id = $1',
    [id],
  );
  return Number(row?.cursor);
}

/** A subscription from the beginning that this worker holds, with one object to deliver. */
async function leased(): Promise<{ reader: Actor; id: string; path: string; head: number }> {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const { id, path } = await subscribes(reader, webhooks, { start: 'beginning' });
  await sharer.shares(indicator());
  await giveLease(tocsin, id, workerId);
  const { head } = await findLogBounds(tocsin.db);
  return { reader, id, path, head };
}

/** Replays to where the subscription is, after which the same worker leases it again. */
async function replay(reader: Actor, id: string): Promise<void> {
  const answer = await reader.sends('post', `/subscriptions/${id}/replay`).send({});
  expect(answer.status).toBe(200);
  await giveLease(tocsin, id, workerId);
}

it('a delivery that began before a replay to the same place does not move the cursor', async () => {
  const { reader, id, path, head } = await leased();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  webhooks.answers(() => ({ after: answered }));
  const due = { subscriptionId: id, cursor: 0, revision: 0, head, isHeld: () => true };

  const step = deliver(context(), due);
  await webhooks.until(path, (come) => come.length === 1);
  await replay(reader, id);
  answer();
  expect(await step).toEqual({ kind: 'lost' });
  expect(await cursorOf(id)).toBe(0);

  expect(await deliver(context(), { ...due, revision: 1 })).toMatchObject({
    kind: 'moved',
    sent: true,
  });
  expect(await cursorOf(id)).toBeGreaterThan(0);
  await webhooks.until(path, (come) => come.length === 2);
});

it('a worker that had read on before a replay begins where the replay says', async () => {
  const { reader, id, path, head } = await leased();
  await replay(reader, id);
  const due = { subscriptionId: id, cursor: head, revision: 0, head, isHeld: () => true };

  expect(await deliver(context(), due)).toEqual({ kind: 'changed' });
  expect(await skipTo(tocsin.db, workerId, { id, cursor: 0, revision: 0 }, head)).toBe(false);
  expect(await deliver(context(), { ...due, cursor: 0, revision: 1 })).toMatchObject({
    sent: true,
  });
  await webhooks.until(path, (come) => come.length === 1);
});
