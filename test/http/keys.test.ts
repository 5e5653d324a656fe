import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

const me = (headers: Record<string, string>) => request(tocsin.url).get('/api/v1/me').set(headers);

const basic = (pair: string) => Buffer.from(pair).toString('base64');

describe('a key is taken', () => {
  const ways: [string, (key: string) => Record<string, string>][] = [
    ['as Bearer', (key) => ({ authorization: `Bearer ${key}` })],
    ['as bearer, in small letters', (key) => ({ authorization: `bearer ${key}` })],
    ['as BEARER, with more blanks', (key) => ({ authorization: `BEARER   ${key}` })],
    ['as Token', (key) => ({ authorization: `Token ${key}` })],
    ['as tOkEn', (key) => ({ authorization: `tOkEn ${key}` })],
    ['bare', (key) => ({ authorization: key })],
    ['as X-API-Key', (key) => ({ 'x-api-key': key })],
    ['as X-API-Key beside an empty header', (key) => ({ authorization: ' ', 'x-api-key': key })],
    ['as the password of Basic', (key) => ({ authorization: `Basic ${basic(`anybody:${key}`)}` })],
    ['as the password of BASIC', (key) => ({ authorization: `BASIC ${basic(`taxii:${key}`)}` })],
    ['as the password of nobody', (key) => ({ authorization: `basic ${basic(`:${key}`)}` })],
  ];
  it.each(ways)('%s', async (_, headers) => {
    const response = await me(headers(alice.key));
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ organisation: { slug: alice.slug } });
  });
});

describe('401', () => {
  const otherSecret = (key: string) =>
    key.replace(/_[0-9a-f]+$/, (end) => `_${'0'.repeat(end.length - 1)}`);
  const ways: [string, string, (key: string) => Record<string, string>][] = [
    ['no key', 'key_missing', () => ({})],
    ['an empty header', 'key_missing', () => ({ authorization: '' })],
    ['an empty X-API-Key', 'key_missing', () => ({ 'x-api-key': '  ' })],
    ['a key of another form', 'key_invalid', () => ({ authorization: 'Bearer secret' })],
    ['a scheme without a key', 'key_invalid', () => ({ authorization: 'Bearer' })],
    ['a scheme nobody knows', 'key_invalid', (key) => ({ authorization: `Digest ${key}` })],
    ['a secret that is wrong', 'key_invalid', (key) => ({ 'x-api-key': otherSecret(key) })],
    ['a key that lost its end', 'key_invalid', (key) => ({ 'x-api-key': key.slice(0, -1) })],
    ['a key with more at its end', 'key_invalid', (key) => ({ 'x-api-key': `${key}0` })],
    ['two keys in one header', 'key_invalid', (key) => ({ 'x-api-key': `${key}, ${key}` })],
    ['Basic that is not base64', 'key_invalid', () => ({ authorization: 'Basic ???' })],
    ['Basic without a colon', 'key_invalid', (key) => ({ authorization: `Basic ${basic(key)}` })],
    [
      'Basic with the key as user',
      'key_invalid',
      (key) => ({ authorization: `Basic ${basic(`${key}:x`)}` }),
    ],
  ];
  it.each(ways)('%s', async (_, code, headers) => {
    const response = await me(headers(alice.key));
    expect(response.status).toBe(401);
    expect(response.type).toBe('application/problem+json');
    expect(response.headers['www-authenticate']).toContain('Bearer');
    expect(response.body).toMatchObject({ code, status: 401 });
    expect(response.text).not.toContain(alice.key.slice(20));
  });

  it('a key that was made for nobody', async () => {
    const { newKey } = await import('../../src/access/keys.ts');
    const response = await me({ 'x-api-key': newKey().text });
    expect(response.body).toMatchObject({ code: 'key_invalid', status: 401 });
  });

  it('a key that has expired, from the moment on', async () => {
    const now = tocsin.clock.now().getTime();
    const bob = await anActor(tocsin, { expiresAt: new Date(now + 60_000) });
    expect((await bob.sends('get', '/me')).status).toBe(200);
    tocsin.clock.advance(60_001);
    expect((await bob.sends('get', '/me')).body).toMatchObject({
      code: 'key_expired',
      status: 401,
    });
  });

  it('a key that was revoked, at once', async () => {
    const bob = await anActor(tocsin);
    await tocsin.sql(`update api_key set revoked_at = now() where id = $1`, [
      bob.key.split('_')[1],
    ]);
    expect((await bob.sends('get', '/me')).body).toMatchObject({
      code: 'key_revoked',
      status: 401,
    });
  });
});

describe('an organisation that does not take part is refused', () => {
  it.each([
    ['suspended', `update organisation set status = 'suspended' where slug = $1`],
    ['gone', `update organisation set status = 'left' where slug = $1`],
    ['invited only', `update organisation set status = 'invited' where slug = $1`],
    [
      'beyond its agreement',
      `update agreement set valid_from = now() - interval '2 days', valid_until = now() - interval '1 day'
        where organisation_id = (select id from organisation where slug = $1)`,
    ],
    [
      'before its agreement',
      `update agreement set valid_from = now() + interval '1 day'
        where organisation_id = (select id from organisation where slug = $1)`,
    ],
  ])('%s', async (_, act) => {
    const bob = await anActor(tocsin);
    const object = indicator();
    await alice.shares(object);
    expect((await bob.finds(object.id)).status).toBe(200);
    await tocsin.sql(act, [bob.slug]);
    await tocsin.sequenced();
    for (const path of ['/me', '/subscriptions', `/objects/${object.id}`]) {
      const response = await bob.sends('get', path);
      expect([path, response.status]).toEqual([path, 403]);
      expect(response.body).toMatchObject({ code: 'organisation_not_active' });
    }
    expect((await bob.posts([])).status).toBe(403);
    // It may still learn what it is to delete.
    expect((await bob.reads({ limit: 10_000 })).objects).toEqual([]);
  });
});
