/** Errors that say what happened, where, and what would help. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let admin: Actor;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe('an organisation that is not active learns why', () => {
  it.each([
    ['suspended', /^The organisation \S+ is suspended/, 'suspended'],
    ['left', /^The organisation \S+ has left/, 'left'],
    ['invited', /^The organisation \S+ is not active yet/, 'invited'],
    ['active', /^The organisation \S+ has no agreement in force\.$/, 'no_agreement'],
  ])('%s', async (status, detail, organisationStatus) => {
    const bob = await anActor(tocsin);
    const ended = `update agreement set ended_at = now()
      where organisation_id = (select id from organisation where slug = $1)`;
    if (status === 'active') await tocsin.sql(ended, [bob.slug]);
    else await admin.sends('patch', `/organisations/${bob.slug}`).send({ status }).expect(200);
    for (const response of [
      await bob.sends('get', '/me'),
      await bob.posts(indicator()),
      await (await bob.as('feed')).sends('get', `/objects/${indicator().id}`),
    ]) {
      expect(response.status).toBe(403);
      expect(response.body).toMatchObject({
        code: 'organisation_not_active',
        detail: expect.stringMatching(detail),
        organisation_status: organisationStatus,
      });
    }
  });
});

it('a key that is used from elsewhere learns from where', async () => {
  const made = await alice
    .sends('post', '/keys')
    .send({ role: 'feed', networks: ['192.0.2.0/24'] });
  const answer = await fetch(`${tocsin.url}/api/v1/me`, {
    headers: { 'x-api-key': made.body.key as string },
  });
  expect(answer.status).toBe(403);
  const problem = (await answer.json()) as Record<string, string>;
  expect(problem).toMatchObject({ code: 'network_not_allowed', address: '127.0.0.1' });
  expect(problem['detail']).toMatch(
    /^The key may not be used from 127\.0\.0\.1, .*TOCSIN_TRUSTED_PROXIES/,
  );
  // A thief of the key does not learn where it may be used.
  expect(JSON.stringify(problem)).not.toContain('192.0.2');
});

describe('a wrong cursor is found where it was given', () => {
  const url = 'http://127.0.0.1:9/';
  it.each([
    [
      'GET /changes',
      'querystring.after',
      () => alice.sends('get', '/changes').query({ after: 'x' }),
    ],
    ['GET /stream', 'querystring.after', () => alice.sends('get', '/stream').query({ after: 'x' })],
    ['GET /stream', 'last-event-id', () => alice.sends('get', '/stream').set('last-event-id', 'x')],
    [
      'POST /subscriptions',
      'body.start.cursor',
      () => alice.sends('post', '/subscriptions').send({ url, start: { cursor: 'x' } }),
    ],
  ])('%s: %s', async (_, path, ask) => {
    expect((await ask()).body).toMatchObject({ code: 'cursor_invalid', path });
  });

  it('POST /subscriptions/{id}/replay: body.start.cursor', async () => {
    const made = await alice.sends('post', '/subscriptions').send({ url }).expect(201);
    const again = await alice
      .sends('post', `/subscriptions/${made.body.id}/replay`)
      .send({ start: { cursor: 'x' } });
    expect(again.body).toMatchObject({ code: 'cursor_invalid', path: 'body.start.cursor' });
  });
});

describe('quotas', () => {
  it('are not asked for by a parameter that /me does not have', async () => {
    const asked = await admin.sends('get', '/me').query({ organisation: alice.slug });
    expect(asked.status).toBe(400);
    expect(asked.body).toMatchObject({ path: 'querystring.organisation' });
  });

  it('are shown to an admin for every organisation, to an org_admin for its own', async () => {
    const bob = await anActor(tocsin);
    await bob.shares(indicator());
    const path = `/organisations/${bob.slug}/quotas`;
    const own = await bob.sends('get', path).expect(200);
    expect(own.body.bytes_today.used).toBeGreaterThan(0);
    expect((await bob.sends('get', '/me')).body.quotas).toEqual(own.body);
    expect((await admin.sends('get', path)).body).toEqual(own.body);
    const unknown = `/organisations/${bob.slug.replace('org', 'nil')}/quotas`;
    const [other, nobody] = [await alice.sends('get', path), await alice.sends('get', unknown)];
    expect([other.status, nobody.status]).toEqual([404, 404]);
    const plain = ({ text }: { text: string }) =>
      text.replaceAll(/(org|nil)-\w+/g, 'SLUG').replace(/"instance":"[^"]*"/, '');
    expect(plain(other)).toBe(plain(nobody));
    await (await bob.as('publisher')).sends('get', path).expect(403);
    await admin.sends('get', `/organisations/${randomUUID()}/quotas`).expect(404);
  });
});

describe('a network of a key', () => {
  it.each([
    ['10.1.2.3/24', 'use 10.1.2.0/24 for the network or 10.1.2.3/32'],
    ['2001:db8::1/32', 'use 2001:db8::/32 for the network or 2001:db8::1/128'],
    ['192.0.2.7', 'for this one address, use 192.0.2.7/32'],
    ['2001:db8::7', 'for this one address, use 2001:db8::7/128'],
    ['intranet', 'must be a network such as 192.0.2.0/24'],
    ['192.0.2.0/33', 'must be a network such as 192.0.2.0/24'],
  ])('%s is refused, and the answer says what to write', async (network, advice) => {
    const refused = await alice.sends('post', '/keys').send({ role: 'feed', networks: [network] });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({
      code: 'invalid_request',
      path: 'body.networks[0]',
      detail: expect.stringContaining(advice),
    });
  });

  it.each([
    '10.1.2.0/24',
    '10.1.2.3/32',
    '0.0.0.0/1',
    '2001:db8::/32',
    '2001:DB8:0::/48',
    '::1/128',
  ])('%s is taken', async (network) => {
    await alice
      .sends('post', '/keys')
      .send({ role: 'feed', networks: [network] })
      .expect(201);
  });
});
