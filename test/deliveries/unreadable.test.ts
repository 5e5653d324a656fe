/** Subscriptions that were encrypted with a master secret that is gone. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { anActor, slug } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;

beforeAll(async () => {
  webhooks = await receiveWebhooks();
  const settings = { TOCSIN_EGRESS_ALLOW: '127.0.0.0/8' };
  tocsin = await startTocsin({ roles: ['http', 'worker'], settings });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

it('are disabled, say so, and work again once their owner has set them again', async () => {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const { id, path } = await subscribes(reader, webhooks);
  const own = `/subscriptions/${id}`;
  const lost = "decode(repeat('00', 80), 'hex')";
  await tocsin.sql(`update subscription set url = ${lost}, secret = ${lost} where id = $1`, [id]);

  const tested = await reader.sends('post', `${own}/test`).expect(409);
  expect(tested.body).toMatchObject({ code: 'subscription_unreadable' });
  const object = indicator();
  await sharer.shares(object);
  const state = async () => (await reader.sends('get', own).expect(200)).body as object;
  await vi.waitFor(
    async () => expect(await state()).toMatchObject({ state: 'disabled', reason: 'unreadable' }),
    { timeout: 60_000 },
  );

  const early = await reader.sends('post', `${own}/rotate-secret`).expect(409);
  expect(early.body).toMatchObject({ code: 'subscription_unreadable' });
  await reader
    .sends('patch', own)
    .send({ url: `${webhooks.url}${path}` })
    .expect(200);
  await reader.sends('post', `${own}/rotate-secret`).expect(200);
  await reader.sends('patch', own).send({ state: 'active' }).expect(200);
  await webhooks.until(path, (deliveries) =>
    deliveries.some(({ objects }) => objects.some((one) => one.id === object.id)),
  );
});
