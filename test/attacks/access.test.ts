/** Holes that others of this field have had, each tried here; the class stands in the name. */
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idleApp } from '../../scripts/openapi-document.ts';
import { anActor, keyOf, slug, type Actor } from '../support/actors.ts';
import { bundle, indicator, marked, newer, type PostedObject } from '../support/builders.ts';
import { accepts, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let mallory: Actor;
/** Of alice and bob. */
let group: string;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  mallory = await anActor(tocsin, { communities });
  group = await createGroup(alice, { members: [bob.slug] });
  await accepts(bob, group);
});
afterAll(() => tocsin.close());

/** Every way in which an audience can be named, for an object that the actor shares. */
const WAYS: Readonly<Record<string, (who: Actor, own: PostedObject, to: string) => Promise<Said>>> =
  {
    'POST /bundles': (who, own, to) => said(who.posts(newer(own), { audience: to })),
    'POST /bundles, in lines': (who, own, to) =>
      said(
        who
          .sends('post', '/bundles')
          .query({ audience: to })
          .set('content-type', 'application/x-ndjson')
          .send(`${JSON.stringify(newer(own))}\n`),
      ),
    'POST /bundles, dry': (who, own, to) =>
      said(who.posts(newer(own), { audience: to, dry_run: true })),
    'POST /bundles, repeated': (who, own, to) =>
      said(
        who
          .sends('post', `/bundles?audience=${who.slug}&audience=${to}`)
          .send(bundle([newer(own)])),
      ),
    'POST /indicators': (who, own, to) =>
      said(who.sends('post', '/indicators').query({ audience: to }).send(newer(own))),
    'PATCH /objects/{id}': (who, own, to) =>
      said(who.sends('patch', `/objects/${own.id}`).send({ audience: [to] })),
    'PATCH /objects/{id}, with a marking': (who, own, to) =>
      said(who.sends('patch', `/objects/${own.id}`).send({ audience: [to], tlp: 'red' })),
    'POST /audiences/preview': (who, _, to) =>
      said(who.sends('post', '/audiences/preview').send({ audience: [to] })),
  };

interface Said {
  readonly status: number;
  readonly code: unknown;
}

async function said(asked: PromiseLike<{ status: number; body: unknown }>): Promise<Said> {
  const { status, body } = await asked;
  return { status, code: (body as { code?: unknown }).code };
}

describe('a group that one is not in cannot be used (CVE-2026-85533, CVE-2026-95671)', () => {
  it.each(Object.entries(WAYS))('by %s', async (_, ask) => {
    const own = indicator();
    await mallory.shares(own, { audience: mallory.slug });
    const foreign = await ask(mallory, own, group);
    expect(foreign).toEqual({ status: 400, code: 'audience_unknown' });
    expect(await ask(mallory, own, slug('nobody'))).toEqual(foreign);
    await bob.finds(own.id).expect(404);
  });
});

describe('what is forbidden when posting is forbidden by every other method (CVE-2026-95671)', () => {
  it('RED to a community', async () => {
    const own = indicator();
    await alice.shares(own);
    const posted = await alice.posts(marked('red'), { audience: group });
    expect(posted.body).toMatchObject({ results: [{ code: 'red_needs_named_organisations' }] });
    const one = await said(
      alice.sends('post', '/indicators').query({ audience: group }).send(marked('red')),
    );
    expect(one.code).toBe('red_needs_named_organisations');
    for (const change of [{ tlp: 'red' }, { tlp: 'red', audience: [group] }]) {
      const { code } = await said(alice.sends('patch', `/objects/${own.id}`).send(change));
      expect(code).toBe('red_needs_named_organisations');
    }
  });

  it('by a role that may only read', async () => {
    const own = indicator();
    await alice.shares(own);
    for (const role of ['analyst', 'feed'] as const) {
      const reader = await alice.as(role);
      for (const ask of Object.values(WAYS)) {
        expect(await ask(reader, own, alice.slug)).toEqual({
          status: 403,
          code: 'role_not_allowed',
        });
      }
    }
  });
});

it('a reference to a hidden object tells nothing of it (CVE-2026-94394, CVE-2026-86283)', async () => {
  const hidden = indicator();
  await alice.shares(hidden, { audience: group });
  const relate = async (id: string): Promise<unknown> => {
    const relation = {
      type: 'relationship',
      spec_version: '2.1',
      id: `relationship--${randomUUID()}`,
      created: '2026-01-01T00:00:00Z',
      modified: '2026-01-01T00:00:00Z',
      relationship_type: 'related-to',
      source_ref: id,
      target_ref: indicator().id,
    };
    const { body } = await mallory.posts(relation, { audience: mallory.slug });
    const { results, summary } = body as { results: object[]; summary: object };
    return { summary, results: results.map((result) => ({ ...result, id: '' })) };
  };
  expect(await relate(hidden.id)).toEqual(await relate(indicator().id));
});

it('a route without a policy keeps the server from starting (CVE-2026-95805)', async () => {
  const { app, close } = await idleApp();
  app.get('/api/v1/everything', () => 'all of it');
  await expect(Promise.resolve(app.ready())).rejects.toThrow(/does not declare who may call it/);
  await close();
});

describe('what one sees one cannot change (CVE-2026-56424, CVE-2025-61781, CVE-2026-21886)', () => {
  it('neither readdress nor revoke, as if nobody had it', async () => {
    const object = indicator();
    await alice.shares(object, { audience: group });
    await bob.finds(object.id).expect(200);
    for (const id of [object.id, indicator().id]) {
      const readdressed = bob.sends('patch', `/objects/${id}`).send({ audience: [bob.slug] });
      expect(await said(readdressed)).toEqual({ status: 404, code: 'not_found' });
      const revoked = bob.sends('post', `/objects/${id}/revoke`);
      expect(await said(revoked)).toEqual({ status: 404, code: 'not_found' });
    }
    expect((await alice.finds(object.id)).body).not.toHaveProperty('revoked', true);
  });

  it('nor replace what another shares by sharing it too', async () => {
    const object = indicator();
    await alice.shares(object, { audience: group });
    await mallory.shares(newer(object, 5, { name: 'Taken over' }), { audience: mallory.slug });
    expect((await bob.finds(object.id)).body).toEqual((await alice.finds(object.id)).body);
    expect((await bob.finds(object.id)).body).toMatchObject({ name: object['name'] });
  });
});

describe('an org_admin is not an admin (CVE-2026-44380, CVE-2026-44730, CVE-2024-46918)', () => {
  it('cannot see, rotate, revoke or mint a stronger key of its own organisation', async () => {
    const strong = await keyOf(tocsin, alice.slug, 'admin');
    const id = strong.split('_')[1] ?? '';
    const { text } = await alice.sends('get', '/keys').expect(200);
    expect(text).not.toContain(id);
    expect(text).not.toMatch(/secret|hash/);
    await alice.sends('delete', `/keys/${id}`).expect(404);
    await alice.sends('post', `/keys/${id}/rotate`).send({}).expect(404);
    await alice.sends('post', '/keys').send({ role: 'admin' }).expect(403);
    const wish = { role: 'feed', organisation: bob.slug };
    await alice.sends('post', '/keys').send(wish).expect(403);
  });

  it('cannot change what it is or may: identities, status, agreements', async () => {
    const path = `/organisations/${alice.slug}`;
    for (const change of [{ status: 'active' }, { identities: [bob.identity] }]) {
      await alice.sends('patch', path).send(change).expect(403);
    }
    await alice.sends('patch', `/organisations/${bob.slug}`).send({ name: 'Mine' }).expect(403);
    await alice.sends('post', '/agreements').send({}).expect(403);
  });
});

describe('a header makes nobody another (CVE-2026-27960, CVE-2026-76822)', () => {
  const claims = {
    'x-forwarded-user': 'admin',
    'x-remote-user': 'admin',
    'x-organisation': 'tocsin',
    'x-original-url': '/healthz',
    'x-rewrite-url': '/healthz',
    'x-http-method-override': 'GET',
    'opencti-applicant-id': randomUUID(),
  };

  it('who shows no key is nobody', async () => {
    const asked = request(tocsin.url).get('/api/v1/keys').set(claims);
    expect(await said(asked)).toEqual({ status: 401, code: 'key_missing' });
  });

  it('who shows one is who it belongs to', async () => {
    const feed = await mallory.as('feed');
    expect(await said(feed.sends('post', '/bundles').set(claims).send(bundle([])))).toEqual({
      status: 403,
      code: 'role_not_allowed',
    });
    const { body } = await feed.sends('get', '/me').set(claims);
    expect(body).toMatchObject({ organisation: { slug: mallory.slug }, key: { role: 'feed' } });
  });
});

it('a header drops no marking (PYSEC-2026-3445)', async () => {
  const object = { ...marked('red'), confidence: 70 };
  const asked = alice
    .sends('post', '/bundles')
    .query({ audience: bob.slug })
    .set({ 'synchronized-upsert': 'true', 'x-tlp': 'clear' })
    .send(bundle([object]));
  expect((await asked).body).toMatchObject({ summary: { created: 1 } });
  await bob.finds(object.id).expect(404);
  const [kept] = await tocsin.sql('select tlp, confidence from version where stix_id = $1', [
    object.id,
  ]);
  expect(kept).toEqual({ tlp: 4, confidence: 70 });
});

describe('a query names no column (CVE-2022-48329)', () => {
  const PATHS = ['changes', 'organisations', 'sharing-groups', 'communities', 'keys', 'agreements'];
  const HOSTILE = [
    'order=id',
    'orderBy[secret_hash]=asc',
    'where[role]=admin',
    'select=secret_hash',
  ];

  it.each(PATHS.flatMap((path) => HOSTILE.map((query) => [path, query] as const)))(
    '/%s?%s is refused, or changes nothing',
    async (path, query) => {
      const plain = await alice.sends('get', `/${path}`);
      const asked = await alice.sends('get', `/${path}?${query}`);
      if (asked.status === 400) expect(asked.body).toMatchObject({ code: 'invalid_request' });
      else expect([asked.status, asked.text]).toEqual([200, plain.text]);
    },
  );
});
