import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, malware, marked, newer, TLP } from '../support/builders.ts';
import { attempts, standing, subscribes, timeFlies } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Delivery, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({
    roles: ['http', 'worker'],
    settings: { TOCSIN_LEASE_SECONDS: '2' },
  });
  webhooks = await receiveWebhooks();
});
beforeEach(async () => {
  webhooks.answers(() => ({}));
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const ids = (deliveries: readonly Delivery[]) =>
  deliveries.flatMap(({ objects }) => objects.map(({ id }) => id));

const some = (count: number) =>
  Array.from({ length: count }, () => indicator()).toSorted((a, b) => (a.id < b.id ? -1 : 1));

const headersOf = ({ headers }: Delivery) => headers as Record<string, string>;

describe('a delivery', () => {
  it('is signed after Standard Webhooks, and holds what was shared, whole', async () => {
    const subscription = await subscribes(bob, webhooks);
    const object = indicator({ name: 'Größe 😀' });
    await alice.shares(object);
    const [delivery] = await webhooks.until(subscription.path, (come) => come.length > 0);
    if (delivery === undefined) throw new Error('nothing came');
    const payload = new Webhook(subscription.secret).verify(delivery.text, headersOf(delivery));
    expect(payload).toMatchObject({
      type: 'objects.changed',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        subscription: subscription.id,
        from: expect.any(String),
        to: expect.any(String),
        withdrawn: [],
        bundle: {
          type: 'bundle',
          id: expect.stringMatching(/^bundle--/),
          objects: [marked('amber', object), { id: TLP.amber, name: 'TLP:AMBER' }],
        },
        context: [{ tlp: 'amber', sharers: [alice.slug], realm: 'production' }],
      },
    });
    expect(() =>
      new Webhook(`whsec_${'A'.repeat(44)}`).verify(delivery.text, headersOf(delivery)),
    ).toThrow();
  });

  it('begins now, at the beginning or behind a cursor', async () => {
    const [first, second, third] = [indicator(), indicator(), indicator()];
    await alice.shares(first);
    const { next } = await bob.reads({ limit: 10_000 });
    await alice.shares(second);
    const now = await subscribes(bob, webhooks, { start: 'now' });
    const beginning = await subscribes(bob, webhooks, { start: 'beginning' });
    const behind = await subscribes(bob, webhooks, { start: { cursor: next } });
    await alice.shares(third);
    const came = async (path: string) =>
      ids(await webhooks.until(path, (come) => ids(come).includes(third.id)));
    expect(await came(now.path)).toEqual([third.id]);
    expect(await came(beginning.path)).toEqual([first.id, second.id, third.id]);
    expect(await came(behind.path)).toEqual([second.id, third.id]);
  });

  const last = () =>
    indicator({ labels: ['wanted'], confidence: 90, created_by_ref: alice.identity });
  it.each([
    [
      'types',
      () => ({ types: ['indicator'] }),
      () => malware({ labels: ['wanted'], confidence: 90 }),
    ],
    ['labels', () => ({ labels: ['wanted', 'other'] }), () => indicator({ labels: ['unwanted'] })],
    ['confidence', () => ({ confidence_min: 80 }), () => indicator({ confidence: 79 })],
    ['confidence, where there is none', () => ({ confidence_min: 0 }), () => indicator()],
    ['creator', () => ({ producers: [alice.identity] }), () => indicator()],
  ])('holds only what its filter lets through: %s', async (_, filter, unwanted) => {
    const subscription = await subscribes(bob, webhooks, { filter: filter() });
    const wanted = last();
    await alice.shares([unwanted()]);
    await alice.shares([wanted]);
    const come = await webhooks.until(subscription.path, (seen) => seen.length > 0);
    expect(ids(come)).toEqual([wanted.id]);
  });

  it('holds only what an organisation created, where the filter names it', async () => {
    const subscription = await subscribes(bob, webhooks, { filter: { producers: [alice.slug] } });
    const wanted = indicator({ created_by_ref: alice.identity });
    // The sharer of an object without a creator must not be found by trying names.
    await alice.shares(indicator());
    await alice.shares(wanted);
    const come = await webhooks.until(subscription.path, (seen) => seen.length > 0);
    expect(ids(come)).toEqual([wanted.id]);
  });

  it('tells of withdrawals whatever the filter', async () => {
    const object = indicator();
    await alice.shares(object);
    const subscription = await subscribes(bob, webhooks, { filter: { types: ['malware'] } });
    await alice.shares(newer(object), { audience: alice.slug });
    const [delivery] = await webhooks.until(subscription.path, (come) => come.length > 0);
    expect(delivery).toMatchObject({ objects: [], withdrawn: [object.id] });
  });
});

describe('a receiver that fails', () => {
  it('is tried again with the same id and body, later each time, and its failures are forgotten', async () => {
    const subscription = await subscribes(bob, webhooks);
    let fails = 3;
    webhooks.answers(() => (fails-- > 0 ? { status: 500, body: 'no\u0000 way\n' } : {}));
    await alice.shares(indicator());
    const come = await timeFlies(
      tocsin,
      webhooks.until(subscription.path, (seen) => seen.length === 4),
    );
    expect(new Set(come.map((one) => one.headers['webhook-id'])).size).toBe(1);
    expect(new Set(come.map(({ text }) => text)).size).toBe(1);
    await expect
      .poll(() => standing(bob, subscription))
      .toMatchObject({ failures: 0, state: 'active' });
    const tried = await attempts(bob, subscription);
    expect(tried.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['retry', 500],
      ['retry', 500],
      ['retry', 500],
      ['delivered', 204],
    ]);
    // The receiver is on loopback, which the operator opened.
    expect(tried[0]?.detail).toBeNull();
  });

  it('is not tried before the time it asked for', async () => {
    const subscription = await subscribes(bob, webhooks);
    webhooks.answers(() => ({ status: 429, headers: { 'retry-after': '600' } }));
    const before = tocsin.clock.now().getTime();
    await alice.shares(indicator());
    await expect.poll(() => standing(bob, subscription)).toMatchObject({ failures: 1 });
    const { next_attempt_at: next } = await standing(bob, subscription);
    expect(Date.parse(String(next)) - before).toBeGreaterThanOrEqual(600_000);
  });

  it('with 410 is sent nothing more, until its owner says so', async () => {
    const subscription = await subscribes(bob, webhooks);
    webhooks.answers(() => ({ status: 410 }));
    const object = indicator();
    await alice.shares(object);
    await expect
      .poll(() => standing(bob, subscription))
      .toMatchObject({ state: 'disabled', reason: 'gone' });
    webhooks.answers(() => ({}));
    await bob.sends('patch', `/subscriptions/${subscription.id}`).send({ state: 'active' });
    const come = await webhooks.until(subscription.path, (seen) => seen.length === 2);
    expect(ids(come)).toEqual([object.id, object.id]);
    await expect
      .poll(() => standing(bob, subscription))
      .toMatchObject({ state: 'active', reason: null });
  });

  it('with 413 gets smaller batches, every object in order', async () => {
    const subscription = await subscribes(bob, webhooks);
    webhooks.answers(({ objects }) => ({ status: objects.length > 3 ? 413 : 204 }));
    const objects = some(20);
    await alice.shares(objects);
    const small = (come: Delivery[]) => come.filter((one) => one.objects.length <= 3);
    const come = await timeFlies(
      tocsin,
      webhooks.until(subscription.path, (seen) => ids(small(seen)).length >= 20),
    );
    expect(ids(small(come))).toEqual(objects.map(({ id }) => id));
  });

  it('that rejects one object gets all others, and its owner learns of the one', async () => {
    const subscription = await subscribes(bob, webhooks);
    const objects = some(9);
    const bad = objects[4]?.id ?? '';
    webhooks.answers(({ objects: sent }) => ({
      status: sent.some(({ id }) => id === bad) ? 400 : 204,
    }));
    await alice.shares(objects);
    const good = (come: Delivery[]) => come.filter((one) => !ids([one]).includes(bad));
    const others = objects.map(({ id }) => id).filter((id) => id !== bad);
    const come = await timeFlies(
      tocsin,
      webhooks.until(subscription.path, (seen) => ids(good(seen)).includes(others.at(-1) ?? '')),
    );
    expect(ids(good(come))).toEqual(others);
    const letters = await tocsin.sql('select stix_id from dead_letter where subscription_id = $1', [
      subscription.id,
    ]);
    expect(letters).toEqual([{ stix_id: bad }]);
    expect((await attempts(bob, subscription)).map(({ outcome }) => outcome)).toContain(
      'dead_letter',
    );
  });

  it('that is slow harms only itself', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = await subscribes(bob, webhooks);
    const fast = await subscribes(bob, webhooks);
    webhooks.answers(({ path }) => (path === slow.path ? { after: released } : {}));
    const objects = some(5);
    for (const object of objects) await alice.shares(object);
    const come = await webhooks.until(fast.path, (seen) => ids(seen).length === 5);
    expect(ids(come)).toEqual(objects.map(({ id }) => id));
    // One batch is in flight for the slow one, and no second before it is answered.
    expect(await webhooks.until(slow.path, (seen) => seen.length > 0)).toHaveLength(1);
    release();
    const late = await webhooks.until(slow.path, (seen) => ids(seen).length === 5);
    expect(ids(late)).toEqual(objects.map(({ id }) => id));
  });
});

describe('a lease', () => {
  it('that a dead worker held is taken over when it has run out, not before', async () => {
    const subscription = await subscribes(bob, webhooks);
    const [held] = await tocsin.sql<{ until: Date }>(
      `update subscription set lease_owner = $2, lease_until = now() + interval '2 s' where id = $1
        returning lease_until as until`,
      [subscription.id, randomUUID()],
    );
    await alice.shares(indicator());
    const [delivery] = await webhooks.until(subscription.path, (come) => come.length > 0);
    expect(delivery).toBeDefined();
    expect(Date.now()).toBeGreaterThanOrEqual(held?.until.getTime() ?? Infinity);
  });

  it('lost during a delivery does not move the cursor: the next worker sends it again', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const subscription = await subscribes(bob, webhooks);
    webhooks.answers(() => ({ after: released }));
    const before = (await standing(bob, subscription))['cursor'];
    const object = indicator();
    await alice.shares(object);
    await webhooks.until(subscription.path, (come) => come.length === 1);
    const lease = `update subscription set lease_owner = $2, lease_until = now() + interval '1 s' where id = $1`;
    await tocsin.sql(lease, [subscription.id, randomUUID()]);
    release();
    await expect.poll(() => attempts(bob, subscription)).toHaveLength(1);
    expect((await standing(bob, subscription))['cursor']).toBe(before);
    const come = await webhooks.until(subscription.path, (seen) => seen.length === 2);
    expect(come[1]?.headers['webhook-id']).toBe(come[0]?.headers['webhook-id']);
    await expect.poll(async () => (await standing(bob, subscription))['cursor']).not.toBe(before);
  });

  it('is shared out among workers, and given back by one that stops', async () => {
    for (let i = 0; i < 6; i++) await subscribes(bob, webhooks);
    const second = await tocsin.another(['worker']);
    const owners = async () => {
      const rows = await tocsin.sql<{ n: number }>(
        `select count(*)::int as n from subscription where state = 'active' group by lease_owner order by 1`,
      );
      return rows.map(({ n }) => n);
    };
    await expect.poll(async () => (await owners()).length).toBe(2);
    await expect
      .poll(async () => {
        const [least = 0, most = 9] = await owners();
        return most - least;
      })
      .toBeLessThanOrEqual(1);
    await second.close();
    await expect.poll(async () => (await owners()).length).toBe(1);
  });
});
