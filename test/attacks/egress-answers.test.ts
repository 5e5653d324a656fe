/** What webhooks can be made to tell: answers from inside the operator's network, tokens in URLs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EgressOutcome } from '../../src/egress/exchange.ts';
import { createEgress } from '../../src/egress/egress.ts';
import { createPolicy } from '../../src/egress/policy.ts';
import { isMaskedUrl, maskedUrl } from '../../src/deliveries/endpoint-url.ts';
import { testPayload } from '../../src/deliveries/payload.ts';
import { send } from '../../src/deliveries/send.ts';
import { newSecret } from '../../src/deliveries/signature.ts';
import { createLogger } from '../../src/telemetry.ts';
import { receiveHttp } from '../egress/receiver.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { attempts, subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

const INNER = 'inner-page-of-the-operator';
const TOKEN = 'T0ken-in-the-url';
const logged: string[] = [];

let tocsin: Tocsin;
let webhooks: Webhooks;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  const logger = createLogger('debug', { write: (line) => void logged.push(line) });
  tocsin = await startTocsin({ roles: ['http', 'worker'], logger });
  webhooks = await receiveWebhooks();
  alice = await anActor(tocsin);
  bob = await anActor(tocsin);
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

/** Everything that the database holds of subscriptions and of what was done with them. */
async function stored(): Promise<string> {
  const tables = ['subscription', 'attempt', 'dead_letter', 'audit'];
  const rows = await Promise.all(
    tables.map((table) => tocsin.sql<{ row: string }>(`select t::text as row from ${table} t`)),
  );
  const texts = rows.flat().map(({ row }) => row);
  // What is bytes is written in hexadecimal.
  return [...texts, ...texts.flatMap(fromHex)].join('\n');
}

function fromHex(row: string): string[] {
  return [...row.matchAll(/\\x([0-9a-f]+)/g)].map(([, hex = '']) =>
    Buffer.from(hex, 'hex').toString('latin1'),
  );
}

describe('the answer of an endpoint inside the operator’s network', () => {
  it('is shown to nobody: status and timing are', async () => {
    const subscription = await subscribes(bob, webhooks);
    webhooks.answers(() => ({ status: 500, body: INNER }));
    const tested = await bob.sends('post', `/subscriptions/${subscription.id}/test`).expect(200);
    expect(tested.body).toEqual({
      outcome: 'failed',
      status: 500,
      detail: null,
      duration_ms: expect.any(Number),
    });
    await alice.shares(indicator());
    await expect.poll(async () => (await attempts(bob, subscription)).length).toBeGreaterThan(1);
    webhooks.answers(() => ({}));
    for (const reader of [bob, await bob.as('analyst'), await bob.as('admin')]) {
      const seen = await attempts(reader, subscription);
      expect(seen.map(({ status, detail }) => [status, detail])).toContainEqual([500, null]);
      expect(JSON.stringify(seen)).not.toContain(INNER);
    }
    expect(await stored()).not.toContain(INNER);
    expect(logged.join('')).not.toContain(INNER);
  });

  it('is known by the address that was connected to, whatever the name', async () => {
    const egress = createEgress({
      allow: ['127.0.0.0/8'],
      resolve: () => Promise.resolve(['127.0.0.1']),
    });
    const receiver = await receiveHttp((_request, response) => response.end(INNER));
    const { port } = new URL(receiver.url);
    const url = `http://public.example.org:${port}/`;
    const outcome = await egress.request({ method: 'GET', url, timeoutMs: 5000 });
    await egress.close();
    await receiver.close();
    expect(outcome).toMatchObject({ ok: true, inside: true });
    const policy = createPolicy(['10.0.0.0/8', 'fd00::/8'], () => Promise.resolve([]));
    const inside = ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1'];
    expect(inside.map((address) => policy.isInside(address))).toEqual([true, true, true]);
    expect(policy.isInside('8.8.8.8')).toBe(false);
  });
});

describe('the answer of an endpoint on the public internet', () => {
  const answering = (inside: boolean) => {
    const outcome: EgressOutcome = {
      ok: true,
      status: 401,
      headers: {},
      body: Buffer.from('who are you'),
      truncated: false,
      inside,
    };
    return { check: async () => undefined, request: async () => outcome, close: async () => {} };
  };
  const sent = (inside: boolean) => {
    const endpoint = { url: 'https://hooks.example.org/', secrets: [newSecret(Buffer.alloc)] };
    const payload = testPayload('b4ee1ca3-4aa0-4b4c-9d0e-5ac4a2d8a9f1', new Date(), 'id');
    return send(answering(inside), endpoint, payload, Date.now());
  };

  it('begins the detail, which one from inside does not', async () => {
    expect(await sent(false)).toMatchObject({ status: 401, detail: 'who are you' });
    expect(await sent(true)).toMatchObject({ status: 401, detail: null });
  });

  it('is for those who may change the endpoint; why there was none is for every reader', async () => {
    const subscription = await subscribes(bob, webhooks);
    await bob.sends('post', `/subscriptions/${subscription.id}/test`).expect(200);
    const answers = 'update attempt set status = 401, detail = $2 where subscription_id = $1';
    await tocsin.sql(answers, [subscription.id, 'who are you']);
    const seenBy = async (reader: Actor) =>
      (await attempts(reader, subscription)).map(({ detail }) => detail);
    expect(await seenBy(bob)).toEqual(['who are you']);
    expect(await seenBy(await bob.as('analyst'))).toEqual([null]);
    expect(await seenBy(await bob.as('publisher'))).toEqual([null]);
    const none = 'update attempt set status = null, detail = $2 where subscription_id = $1';
    await tocsin.sql(none, [subscription.id, 'egress_timeout: too late']);
    expect(await seenBy(await bob.as('analyst'))).toEqual(['egress_timeout: too late']);
  });
});

describe('a token in the URL of an endpoint', () => {
  const secretPath = `/hooks/${TOKEN}?key=${TOKEN}`;

  it('is in no answer, table, log line or metric, and reaches the receiver', async () => {
    const answers: string[] = [];
    const asks = async (method: 'get' | 'post' | 'patch', path: string, body?: object) => {
      const answer = await alice.sends(method, path).send(body);
      expect(answer.status).toBeLessThan(300);
      answers.push(answer.text, JSON.stringify(answer.headers));
      return answer.body as { id: string; url: string };
    };
    const made = await asks('post', '/subscriptions', { url: webhooks.url + secretPath });
    expect(made.url).toBe(`${webhooks.url}/…`);
    const path = `/subscriptions/${made.id}`;
    await asks('get', path);
    await asks('get', '/subscriptions');
    await asks('patch', path, { url: `${webhooks.url + secretPath}&again` });
    await asks('post', `${path}/test`);
    await asks('post', `${path}/replay`, { start: 'beginning' });
    await asks('get', `${path}/attempts`);
    await bob.shares(indicator());
    await webhooks.until(`${secretPath}&again`, (come) => come.length > 1);
    await asks('get', '/audit');
    answers.push(await (await fetch(`${tocsin.url}/metrics`)).text());
    expect(answers.join('')).not.toContain(TOKEN);
    expect(logged.join('')).not.toContain(TOKEN);
    expect(await stored()).not.toContain(TOKEN);
  });

  it('is in no problem', async () => {
    const refused = [
      `ftp://example.org/${TOKEN}`,
      `http://user:${TOKEN}@127.0.0.1/`,
      `http://10.0.0.1/${TOKEN}`,
      `https://${TOKEN}.invalid/`,
      `https://example.org/${TOKEN}/…`,
    ];
    for (const url of refused) {
      const answer = await alice.sends('post', '/subscriptions').send({ url }).expect(400);
      expect(answer.text).not.toContain(TOKEN);
    }
    expect(logged.join('')).not.toContain(TOKEN);
  });

  it('is not replaced by the masked form that a client sends back', async () => {
    const { id } = await subscribes(alice, webhooks);
    const { body } = await alice.sends('get', `/subscriptions/${id}`);
    const { url } = body as { url: string };
    for (const sentBack of [url, encodeURI(url)]) {
      const answer = await alice.sends('patch', `/subscriptions/${id}`).send({ url: sentBack });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });

  it('cannot be moved to another subscription by writing to the table', async () => {
    const theirs = await subscribes(bob, webhooks);
    const { id } = await subscribes(alice, webhooks);
    const move =
      'update subscription set url = (select url from subscription where id = $2) where id = $1';
    await tocsin.sql(move, [id, theirs.id]);
    expect((await alice.sends('get', `/subscriptions/${id}`)).body).toMatchObject({ url: null });
    await alice.sends('post', `/subscriptions/${id}/test`).expect(409);
    await alice.sends('delete', `/subscriptions/${id}`).expect(204);
  });
});

it.each([
  ['https://hooks.example.org/services/T0/B0/x', 'https://hooks.example.org/…'],
  ['https://hooks.example.org:8443/?token=x', 'https://hooks.example.org:8443/…'],
  ['https://hooks.example.org/#x', 'https://hooks.example.org/…'],
  ['https://hooks.example.org', 'https://hooks.example.org/'],
  ['http://user:pass@hooks.example.org/x', 'http://hooks.example.org/…'],
])('%s is shown as %s', (url, shown) => {
  expect(maskedUrl(url)).toBe(shown);
  expect(isMaskedUrl(url)).toBe(false);
});
