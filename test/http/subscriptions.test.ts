import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../src/commands/serve/serve.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, marked } from '../support/builders.ts';
import { rowCounts } from '../support/row-counts.ts';
import { attempts, standing, subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const post = (wish: object) => alice.sends('post', '/subscriptions').send(wish);

describe('a subscription', () => {
  it('is made, read, listed, changed and deleted', async () => {
    const url = `${webhooks.url}/life`;
    const made = await post({
      url,
      description: 'SIEM',
      filter: { types: ['indicator'] },
      batch_max: 50,
    });
    expect(made.status).toBe(201);
    const { secret, ...subscription } = made.body as { secret: string; id: string };
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(made.headers['location']).toBe(`/api/v1/subscriptions/${subscription.id}`);
    expect(subscription).toMatchObject({
      url: `${webhooks.url}/…`,
      description: 'SIEM',
      filter: { types: ['indicator'] },
      batch_max: 50,
      state: 'active',
      reason: null,
      failures: 0,
    });
    const path = `/subscriptions/${subscription.id}`;
    expect((await alice.sends('get', path)).body).toEqual(subscription);
    const listed = await alice.sends('get', '/subscriptions');
    expect(listed.body.subscriptions).toContainEqual(subscription);
    expect(listed.text).not.toContain(secret);
    const changed = await alice.sends('patch', path).send({ state: 'paused', description: '' });
    expect(changed.body).toEqual({ ...subscription, state: 'paused', description: '' });
    expect((await alice.sends('delete', path)).status).toBe(204);
    expect((await alice.sends('get', path)).status).toBe(404);
  });

  it('paused gets nothing, and all of it once it is active again', async () => {
    const paused = await subscribes(bob, webhooks);
    const other = await subscribes(bob, webhooks);
    await bob.sends('patch', `/subscriptions/${paused.id}`).send({ state: 'paused' });
    const object = indicator();
    await alice.shares(object);
    await webhooks.until(other.path, (come) => come.length > 0);
    expect(await webhooks.until(paused.path, () => true)).toEqual([]);
    await bob.sends('patch', `/subscriptions/${paused.id}`).send({ state: 'active' });
    const [delivery] = await webhooks.until(paused.path, (come) => come.length > 0);
    expect(delivery?.objects).toEqual([marked('amber', object)]);
  });

  it('of another organisation is not there, whatever is done with it', async () => {
    const { id } = await subscribes(bob, webhooks);
    const theirs = await standing(bob, { id, secret: '', path: '' });
    const acts = [
      ['get', ''],
      ['patch', ''],
      ['delete', ''],
      ['post', '/test'],
      ['post', '/replay'],
      ['post', '/rotate-secret'],
      ['get', '/attempts'],
    ] as const;
    for (const [method, act] of acts) {
      const body =
        method === 'patch'
          ? { description: 'mine' }
          : method === 'post' && act !== '/test'
            ? {}
            : undefined;
      const answers = [id, randomUUID()].map(async (one) => {
        const sent = alice.sends(method, `/subscriptions/${one}${act}`);
        const { status, body: problem } = await (body === undefined ? sent : sent.send(body));
        return { status, ...(problem as object), instance: '' };
      });
      const [hidden, missing] = await Promise.all(answers);
      expect(hidden).toMatchObject({ status: 404, code: 'not_found' });
      expect(hidden).toEqual(missing);
    }
    expect(await standing(bob, { id, secret: '', path: '' })).toEqual(theirs);
  });
});

describe('400', () => {
  const url = 'http://127.0.0.1:9/';
  it.each([
    ['no address', {}],
    ['an address that is none', { url: 'somewhere' }],
    ['another scheme', { url: 'ftp://example.org/' }],
    ['an address too long', { url: `http://127.0.0.1/${'a'.repeat(2000)}` }],
    ['a property nobody knows', { url, color: 'red' }],
    ['a filter nobody knows', { url, filter: { tlp: 'red' } }],
    ['a technique that is none', { url, filter: { techniques: ['phishing'] } }],
    ['a filter of no types', { url, filter: { types: [] } }],
    ['a confidence beyond 100', { url, filter: { confidence_min: 101 } }],
    ['a batch of none', { url, batch_max: 0 }],
    ['a batch too large', { url, batch_max: 501 }],
    ['a time to gather below none', { url, linger_ms: -1 }],
    ['a time to gather of more than a minute', { url, linger_ms: 60_001 }],
    ['a time to gather in parts of a millisecond', { url, linger_ms: 1.5 }],
    ['a time to gather in words', { url, linger_ms: '1000' }],
    ['a start nobody knows', { url, start: 'yesterday' }],
  ])('%s', async (_, wish) => {
    const before = await rowCounts(tocsin);
    const response = await post(wish);
    expect(response).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(response.body.path).toMatch(/^body/);
    expect(await rowCounts(tocsin)).toEqual(before);
  });

  it('a cursor that is none, or of another organisation', async () => {
    const { next } = await bob.reads();
    for (const cursor of ['nonsense', next]) {
      const response = await post({ url, start: { cursor } });
      expect(response).toMatchObject({ status: 400, body: { code: 'cursor_invalid' } });
    }
  });

  it('a change that says nothing, or of an id that is none', async () => {
    const { id } = await subscribes(alice, webhooks);
    for (const path of [`/subscriptions/${id}`, '/subscriptions/7']) {
      const response = await alice.sends('patch', path).send({});
      expect(response).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });
});

it('sends a signed test event, and says what came of it', async () => {
  const subscription = await subscribes(alice, webhooks);
  const good = await alice.sends('post', `/subscriptions/${subscription.id}/test`);
  expect(good.body).toEqual({
    outcome: 'delivered',
    status: 204,
    detail: null,
    duration_ms: expect.any(Number),
  });
  const [event] = await webhooks
    .until(subscription.path, (come) => come.length > 0)
    .catch(() => []);
  const headers = event?.headers as Record<string, string>;
  expect(new Webhook(subscription.secret).verify(event?.text ?? '', headers)).toMatchObject({
    type: 'test',
  });
  webhooks.answers(() => ({ status: 401, body: 'who are you' }));
  const bad = await alice.sends('post', `/subscriptions/${subscription.id}/test`);
  webhooks.answers(() => ({}));
  expect(bad.body).toMatchObject({ outcome: 'failed', status: 401, detail: null });
  expect((await attempts(alice, subscription)).map(({ outcome }) => outcome)).toEqual([
    'delivered',
    'failed',
  ]);
});

it('delivers again from the beginning, or from a cursor, when asked to', async () => {
  const { next } = await bob.reads({ limit: 10_000 });
  const object = indicator();
  const subscription = await subscribes(bob, webhooks);
  await alice.shares(object);
  await webhooks.until(subscription.path, (come) => come.length >= 1);
  const path = `/subscriptions/${subscription.id}/replay`;
  expect((await bob.sends('post', path).send({ start: { cursor: next } })).status).toBe(200);
  // A delivery may come twice, where a busy worker lost its lease.
  const twice = await webhooks.until(subscription.path, (come) => come.length >= 2);
  expect(twice[1]?.objects).toEqual([marked('amber', object)]);
  await bob.sends('post', path).send({});
  const isWhole = ({ objects }: (typeof twice)[number]): boolean => objects.length > 1;
  const come = await webhooks.until(subscription.path, (all) => all.some(isWhole));
  expect(come.find(isWhole)?.objects.at(-1)).toEqual(marked('amber', object));
});

it('signs with both secrets while one replaces the other', async () => {
  const subscription = await subscribes(bob, webhooks);
  const rotate = await bob
    .sends('post', `/subscriptions/${subscription.id}/rotate-secret`)
    .send({ overlap_seconds: 3600 });
  const { secret } = rotate.body as { secret: string };
  const deliver = async (number: number) => {
    await alice.shares(indicator());
    const come = await webhooks.until(subscription.path, (seen) => seen.length === number);
    const delivery = come[number - 1];
    return (with_: string) =>
      new Webhook(with_).verify(delivery?.text ?? '', delivery?.headers as Record<string, string>);
  };
  const during = await deliver(1);
  expect(() => during(secret)).not.toThrow();
  expect(() => during(subscription.secret)).not.toThrow();
  const again = await bob
    .sends('post', `/subscriptions/${subscription.id}/rotate-secret`)
    .send({ overlap_seconds: 0 });
  const after = await deliver(2);
  expect(() => after((again.body as { secret: string }).secret)).not.toThrow();
  expect(() => after(secret)).toThrow();
  expect(() => after(subscription.secret)).toThrow();
});

it('keeps every attempt, readable page by page, newest first', async () => {
  const subscription = await subscribes(alice, webhooks);
  const path = `/subscriptions/${subscription.id}/attempts`;
  // Past a power of ten, where numbers that are sorted as texts go astray.
  const next = 99_995;
  await tocsin.sql(`select setval(pg_get_serial_sequence('attempt', 'id'), $1)`, [next]);
  for (let i = 0; i < 12; i++) await alice.sends('post', `/subscriptions/${subscription.id}/test`);
  const seen: { id: string; webhook_id: string }[] = [];
  for (let before: string | undefined; ; before = seen.at(-1)?.id) {
    const query = { limit: 5, ...(before === undefined ? {} : { before }) };
    const { body } = await alice.sends('get', path).query(query);
    const page = (body as { attempts: typeof seen }).attempts;
    if (page.length === 0) break;
    seen.push(...page);
  }
  const kept = await tocsin.sql<{ webhook_id: string }>(
    'select webhook_id from attempt where subscription_id = $1 order by attempt.id desc',
    [subscription.id],
  );
  expect(seen.map((one) => one.webhook_id)).toEqual(kept.map((one) => one.webhook_id));
  expect(kept).toHaveLength(12);
  // How many others made meanwhile is nobody's business.
  for (const { id } of seen) expect(id).toMatch(/^[A-Za-z0-9_-]{48}$/);
  for (const query of [{ limit: 0 }, { limit: 501 }, { before: 'x' }, { before: String(next) }]) {
    expect((await alice.sends('get', path).query(query)).status).toBe(400);
  }
  const theirs = await bob.sends('get', path).query({ before: seen[0]?.id });
  expect(theirs.status).toBe(404);
});

describe('where the operator allows no private address', () => {
  let strict: RunningServer;
  beforeAll(async () => {
    strict = await tocsin.another(['http'], { TOCSIN_EGRESS_ALLOW: '' });
  });
  it.each([
    ['http://example.org/', 'egress_scheme'],
    ['https://127.0.0.1/', 'egress_address'],
    ['https://[::1]/', 'egress_address'],
    ['https://10.1.2.3/', 'egress_address'],
    ['https://169.254.169.254/latest/meta-data', 'egress_address'],
    ['https://[::ffff:10.0.0.1]/', 'egress_address'],
    ['https://0x7f000001/', 'egress_address'],
    ['https://2130706433/', 'egress_address'],
    ['https://user:secret@192.0.2.1/', 'egress_userinfo'],
  ])('%s is refused', async (url, reason) => {
    const before = await rowCounts(tocsin);
    const response = await fetch(`${strict.url}/api/v1/subscriptions`, {
      method: 'POST',
      headers: { 'x-api-key': alice.key, 'content-type': 'application/json' },
      body: JSON.stringify({ url }),
    });
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status: 400, code: 'egress_refused', path: 'body.url' });
    expect(problem['reason']).toBe(reason);
    expect(await rowCounts(tocsin)).toEqual(before);
  });
});
