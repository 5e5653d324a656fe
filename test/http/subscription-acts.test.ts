import { afterAll, beforeAll, expect, it } from 'vitest';
import { sign } from '../../src/deliveries/signature.ts';
import { createLogger } from '../../src/telemetry.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

const lines: string[] = [];
let tocsin: Tocsin;
let webhooks: Webhooks;
let bob: Actor;

beforeAll(async () => {
  const logger = createLogger('info', { write: (line) => void lines.push(line) });
  tocsin = await startTocsin({ logger });
  webhooks = await receiveWebhooks();
  bob = await anActor(tocsin);
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

it('logs and counts a test event like any attempt', async () => {
  const subscription = await subscribes(bob, webhooks);
  const counted = async () => {
    const text = await (await fetch(`${tocsin.metricsUrl}/metrics`)).text();
    const count = /^tocsin_attempts_total\{outcome="failed"\} (\d+)$/m.exec(text);
    return Number(count?.[1] ?? 0);
  };
  const before = await counted();
  const place = lines.length;
  webhooks.answers(() => ({ status: 401, body: 'who are you' }));
  await bob.sends('post', `/subscriptions/${subscription.id}/test`);
  webhooks.answers(() => ({}));
  const told = lines.slice(place).filter((line) => line.includes('"delivery attempt"'));
  expect(told.map((line): unknown => JSON.parse(line))).toMatchObject([
    { subscriptionId: subscription.id, kind: 'test', outcome: 'failed', status: 401, objects: 0 },
  ]);
  expect(told.join('')).not.toContain('who are you');
  expect(await counted()).toBe(before + 1);
});

it.each(['replay', 'rotate-secret'])('%s takes no body as all its defaults', async (act) => {
  const { id } = await subscribes(bob, webhooks, { start: 'now' });
  const path = `/subscriptions/${id}/${act}`;
  expect((await bob.sends('post', path)).status).toBe(200);
  const typed = () => bob.sends('post', path).type('application/json');
  expect((await typed().send('')).status).toBe(200);
  expect((await typed().send('{}')).status).toBe(200);
  expect(await typed().send('[]')).toMatchObject({ status: 400, body: { path: 'body' } });
});

it('a body that is needed is named for what it is', async () => {
  const { body } = await bob.sends('post', '/subscriptions').type('application/json').send('');
  expect(body).toMatchObject({ code: 'body_missing', detail: 'Send a JSON object as the body' });
});

it('signs with each older secret until its own end, and with five at most', async () => {
  const subscription = await subscribes(bob, webhooks);
  const rotate = async (overlap_seconds: number) => {
    const path = `/subscriptions/${subscription.id}/rotate-secret`;
    const { body } = await bob.sends('post', path).send({ overlap_seconds });
    return (body as { secret: string }).secret;
  };
  let number = 0;
  /** Which of the secrets sign what is sent now. */
  const signing = async () => {
    await bob.sends('post', `/subscriptions/${subscription.id}/test`);
    number++;
    const come = await webhooks.until(subscription.path, (seen) => seen.length === number);
    const headers = come[number - 1]?.headers as Record<string, string>;
    const text = come[number - 1]?.text ?? '';
    return secrets.map((one) => {
      const timestampSeconds = Number(headers['webhook-timestamp']);
      const given = sign({
        secret: one,
        id: headers['webhook-id'] ?? '',
        timestampSeconds,
        body: text,
      });
      return headers['webhook-signature']?.split(' ').includes(given);
    });
  };
  const secrets = [subscription.secret, await rotate(3600)];
  secrets.push(await rotate(7200));
  expect(await signing()).toEqual([true, true, true]);
  tocsin.clock.advance(3_601_000);
  expect(await signing()).toEqual([false, true, true]);
  for (let i = 0; i < 3; i++) secrets.push(await rotate(7200));
  expect(await signing()).toEqual([false, true, true, true, true, true]);
  secrets.push(await rotate(7200));
  expect(await signing()).toEqual([false, false, true, true, true, true, true]);
});
