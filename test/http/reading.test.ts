import { randomUUID } from 'node:crypto';
import pg from 'pg';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
import { aGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let outsider: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities, ceiling: 'green' });
  outsider = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe('GET /objects/{id}', () => {
  it.each([
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.1Z',
    '2026-01-01T00:00:00.1234567Z',
    '2026-01-01T00:00:00.123456999999Z',
    '2025-12-31T23:59:60Z',
    '2025-12-31T23:59:60.5Z',
  ])('gives the version of the modified that it served: %s', async (modified) => {
    const object = indicator({ created: '2025-01-01T00:00:00Z', modified });
    await alice.shares(object);
    await alice.shares({ ...object, modified: '2026-02-01T00:00:00Z', name: 'newer' });
    const { status, body } = await alice.finds(object.id, { version: modified });
    expect([status, body]).toEqual([200, object]);
  });

  it('gives the current version, one by its modified, or all', async () => {
    const object = indicator({ modified: '2026-01-01T00:00:00.123456Z' });
    const versions = [object, newer(object, 1), newer(object, 2)];
    for (const version of versions) await alice.shares(version);
    expect((await alice.finds(object.id)).body).toEqual(versions[2]);
    for (const version of versions) {
      const found = await alice.finds(object.id, { version: version['modified'] });
      expect(found.body).toEqual(version);
    }
    const all = await alice.finds(object.id, { version: 'all' });
    expect(all.body).toMatchObject({ objects: versions.toReversed() });
    const withOffset = String(versions[0]?.['modified']).replace('Z', '+00:00');
    expect((await alice.finds(object.id, { version: withOffset })).body).toEqual(versions[0]);
    const none = await alice.finds(object.id, { version: '2020-01-01T00:00:00Z' });
    expect(none).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('gives back every text and number as it was posted', async () => {
    const object = indicator({
      name: '\u2028 "quoted" \\ \t é 😀 \ufeff',
      created: '2026-01-01T00:00:00Z',
      modified: '2026-01-01T00:00:00.1234567Z',
      x_numbers: [0, 1.5, 123456789012345, 0.1, -5],
      x_deep: { a: [{ b: null }, true, {}] },
    });
    await alice.shares(object);
    const found = await alice.finds(object.id);
    expect(found.type).toBe('application/json');
    expect(JSON.parse(found.text)).toEqual(object);
  });

  it('says the same of what is hidden as of what nobody has', async () => {
    const object = indicator();
    await alice.shares(object);
    const answer = async (actor: Actor, id: string, query = {}) => {
      const { status, type, body } = await actor.finds(id, query);
      return { status, type, body: { ...(body as object), instance: '' } };
    };
    for (const query of [{}, { version: 'all' }, { version: String(object['modified']) }]) {
      const hidden = await answer(outsider, object.id, query);
      expect(hidden).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(hidden).toEqual(await answer(outsider, `indicator--${randomUUID()}`, query));
    }
    expect((await answer(bob, object.id)).status).toBe(404);
  });

  it.each([
    ['a version that is not a time', { version: 'latest' }],
    ['a parameter nobody knows', { at: 'now' }],
  ])('refuses %s', async (_, query) => {
    const response = await alice.finds(indicator().id, query);
    expect(response).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('takes hostile ids for what they are: ids that nobody has', async () => {
    for (const id of ["x' or '1'='1", '%00', 'a'.repeat(290), '..%2f..%2fetc', '%E0%A4%A']) {
      const response = await alice.sends(
        'get',
        `/objects/${id.includes('%') ? id : encodeURIComponent(id)}`,
      );
      expect([id, response.status >= 400 && response.status < 500]).toEqual([id, true]);
      expect(response.type).toBe('application/problem+json');
    }
  });
});

it.each(['/objects/%00', '/changes?after=%00', '/bundles?audience=a%00b'])(
  'refuses U+0000 in an address: %s',
  async (path) => {
    const method = path.startsWith('/bundles') ? 'post' : 'get';
    const response = await alice.sends(method, path);
    expect(response).toMatchObject({ status: 400, body: { code: 'nul_character', path: 'url' } });
  },
);

describe('GET /me', () => {
  it('tells whose key it is and what it may see', async () => {
    const communities = [slug('b'), slug('a')];
    const carol = await anActor(tocsin, { communities, ceiling: 'red', role: 'analyst' });
    const group = await aGroup(tocsin, [carol]);
    const { status, body } = await carol.sends('get', '/me');
    expect(status).toBe(200);
    expect(body).toEqual({
      organisation: { slug: carol.slug, name: carol.slug, identities: [carol.identity] },
      realm: { slug: 'production', name: 'production' },
      key: { id: carol.key.split('_')[1], role: 'analyst' },
      audiences: [...communities, group].toSorted().map((name) => ({
        kind: name === group ? 'group' : 'community',
        slug: name,
        name,
      })),
      // A key never sees RED, whatever the agreement says.
      user: null,
      // Administrators of the organisation see what is left of them.
      quotas: null,
      tlp_ceiling: 'amber+strict',
    });
  });
});

describe('how the server is', () => {
  it('tells that it lives and is ready, and its numbers', async () => {
    const server = request(tocsin.url);
    expect((await server.get('/healthz')).body).toEqual({ status: 'ok', version: VERSION });
    expect((await server.get('/readyz')).body).toMatchObject({ status: 'ready' });
    await alice.shares(indicator());
    const metrics = await request(tocsin.metricsUrl).get('/metrics');
    expect(metrics.type).toBe('text/plain');
    expect(metrics.text).toMatch(/tocsin_objects_total\{outcome="created"\} \d+/);
    expect(metrics.text).toMatch(/tocsin_log_head [1-9]/);
    expect(metrics.text).not.toContain(alice.slug);
  });

  it('is not ready while what was posted waits', async () => {
    // Nobody sequences while this lock is held.
    const holder = new pg.Client({ connectionString: tocsin.databaseUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query(`select take_lock('sequencer')`);
    await alice.posts(indicator());
    await tocsin.sql(`update inbox set queued_at = now() - interval '11 s'`);
    // It looks for itself once a second at most.
    const readiness = async () => (await request(tocsin.url).get('/readyz')).status;
    await expect.poll(readiness).toBe(503);
    await holder.query('rollback');
    await holder.end();
    await expect.poll(readiness).toBe(200);
  });

  it('answers in its own words what HTTP refuses', async () => {
    const server = request(tocsin.url);
    expect(await server.get('/api/v1/objects/%E0%A4%A')).toMatchObject({ status: 400 });
    expect(await server.put('/api/v1/bundles')).toMatchObject({
      status: 405,
      type: 'application/problem+json',
    });
  });
});
