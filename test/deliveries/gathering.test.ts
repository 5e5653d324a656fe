/** What a subscription lets gather, and that organisations take turns. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sealUrl } from '../../src/deliveries/endpoint-url.ts';
import { sealSecrets } from '../../src/deliveries/secrets.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let sharer: Actor;
let crowd: Actor;
let member: Actor;

beforeAll(async () => {
  webhooks = await receiveWebhooks();
  tocsin = await startTocsin({
    roles: ['http', 'worker'],
    settings: { TOCSIN_EGRESS_ALLOW: '127.0.0.0/8' },
  });
  const communities = [slug()];
  sharer = await anActor(tocsin, { communities });
  crowd = await anActor(tocsin, { communities });
  member = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

it('objects gather until there is a whole batch', async () => {
  const { path } = await subscribes(member, webhooks, { linger_ms: 60_000, batch_max: 3 });
  const control = await subscribes(member, webhooks);
  const objects = [indicator(), indicator(), indicator()];
  for (const object of objects) {
    await sharer.shares(object);
    // Sent to one that lets nothing gather, so the other has had its chance.
    await webhooks.until(control.path, (come) =>
      come.some((one) => one.objects.some(({ id }) => id === object.id)),
    );
  }
  const come = await webhooks.until(path, (some) => some.length > 0);
  expect(come.map((one) => one.objects.map(({ id }) => id))).toEqual([objects.map(({ id }) => id)]);
});

it('objects gather no longer than they may', async () => {
  const { id, path } = await subscribes(member, webhooks, { linger_ms: 60_000 });
  const object = indicator();
  await sharer.shares(object);
  await tocsin.sequenced();
  // The worker hears of it at once: what waits for a minute now waits for a moment.
  const changed = await member.sends('patch', `/subscriptions/${id}`).send({ linger_ms: 300 });
  expect(changed.body).toMatchObject({ linger_ms: 300 });
  const [first] = await webhooks.until(path, (some) => some.length > 0);
  expect(first?.objects.map((one) => one.id)).toEqual([object.id]);
});

/** Past the quota, as an operator may allow it; all of them to paths that begin the same. */
async function subscribesOften(actor: Actor, count: number): Promise<void> {
  const { id: model } = await subscribes(actor, webhooks, { batch_max: 1 });
  const ids = Array.from({ length: count }, () => randomUUID());
  const { keyring } = tocsin;
  const url = `${webhooks.url}/crowd`;
  const urls = ids.map((id) => sealUrl(keyring, id, url).toString('hex'));
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
  const secrets = ids.map((id) => sealSecrets(keyring, id, [{ secret }]).toString('hex'));
  await tocsin.sql(
    `insert into subscription (id, organisation_id, realm_id, url, secret, cursor)
     select one.id, s.organisation_id, s.realm_id, decode(one.url, 'hex'), decode(one.secret, 'hex'), s.cursor
     from subscription s, unnest($2::uuid[], $3::text[], $4::text[]) as one (id, url, secret) where s.id = $1`,
    [model, ids, urls, secrets],
  );
}

const CROWD = 10_000;

it('10,000 subscriptions of one organisation do not hold up the one of another', async () => {
  await subscribesOften(crowd, CROWD);
  const free = async () => {
    const [row] = await tocsin.sql<{ free: string }>(
      `select count(*) as free from subscription where lease_owner is null`,
    );
    return Number(row?.free);
  };
  while ((await free()) > 0) await tocsin.sql(`select pg_notify('tocsin_subscription', '')`);
  // The last to be leased.
  const { path } = await subscribes(member, webhooks);
  let come = 0;
  const all = Promise.withResolvers<void>();
  const stop = webhooks.hears('/crowd', () => {
    if (++come === CROWD) all.resolve();
  });
  const object = indicator();
  await sharer.shares(object);
  await webhooks.until(path, (some) => some.some(({ objects }) => objects[0]?.id === object.id));
  // Not behind them: only what was under way beside it is there by now.
  expect(come).toBeLessThan(1000);
  // All of them get it.
  await all.promise;
  stop();
});
