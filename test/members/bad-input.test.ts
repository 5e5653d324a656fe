/** What members and administrators send that cannot be, each by its name. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { accepts, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

async function codeOf(test: ReturnType<Actor['sends']>, status: number): Promise<unknown> {
  const { body, headers } = await test.expect(status);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  return (body as { code: string }).code;
}

describe('an audience of 10,000 organisations', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `org-${index}`);

  it('is too long for the address of a post', async () => {
    const object = indicator();
    const { status, body } = await alice.posts(object, { audience: many.join(',') });
    expect([status, body]).toMatchObject([431, { code: 'headers_too_large', limit_bytes: 16_384 }]);
    await alice.finds(object.id).expect(404);
  });

  it('of those that fit in, more than 500 are too many', async () => {
    const query = { audience: many.slice(0, 501).join(',') };
    const { status, body } = await alice.posts(indicator(), query);
    expect([status, body]).toMatchObject([400, { code: 'invalid_request', limit: 500 }]);
  });

  it('is too long for readdressing, a preview and the making of a group', async () => {
    const object = indicator();
    await alice.shares(object);
    const change = alice.sends('patch', `/objects/${object.id}`).send({ audience: many });
    expect(await codeOf(change, 400)).toBe('invalid_request');
    const preview = alice.sends('post', '/audiences/preview').send({ audience: many });
    expect(await codeOf(preview, 400)).toBe('invalid_request');
    const group = { slug: slug('group'), name: 'Many', members: many };
    const make = alice.sends('post', '/sharing-groups').send(group);
    expect(await codeOf(make, 400)).toBe('invalid_request');
  });
});

describe('a group', () => {
  it('without members is nobody: it is not there to share with, and what went there is gone', async () => {
    const bob = await anActor(tocsin);
    const group = await createGroup(alice, { members: [bob.slug] });
    await accepts(bob, group);
    const object = indicator();
    await alice.shares(object, { audience: group });
    await bob.finds(object.id).expect(200);
    for (const one of [alice, bob]) {
      const path = `/sharing-groups/${group}/members/${one.slug}`;
      await alice.sends('delete', path).expect(204);
    }
    const { body } = await alice.sends('get', `/sharing-groups/${group}`).expect(200);
    expect(body).toMatchObject({ members: [], owners: [alice.slug] });
    await bob.finds(object.id).expect(404);
    await alice.finds(object.id).expect(200);
    const again = await alice.posts(indicator(), { audience: group });
    expect(again.body).toMatchObject({ code: 'audience_unknown' });
  });

  it('that owns itself, or is in itself, is none: owners and members are organisations', async () => {
    const group = await createGroup(alice);
    for (const part of ['owners', 'members']) {
      const path = `/sharing-groups/${group}/${part}`;
      const itself = alice.sends('post', path).send({ organisation: group });
      expect(await codeOf(itself, 400)).toBe('organisation_unknown');
      const name = slug('group');
      const wish = { slug: name, name, [part]: [name] };
      const made = alice.sends('post', '/sharing-groups').send(wish);
      expect(await codeOf(made, 400)).toBe('organisation_unknown');
      const { text } = await alice.sends('get', '/sharing-groups').expect(200);
      expect(text).not.toContain(name);
    }
  });
});

describe('an organisation', () => {
  it.each([
    ['in Cyrillic', (name: string) => name.replace('o', 'о')],
    ['with a character that is not seen', (name: string) => `${name}\u200d`],
    ['in full width', (name: string) => name.replace('o', 'ｏ')],
    ['with other punctuation', (name: string) => name.replace('-', ' ')],
  ])('renamed to a look-alike: %s', async (_, alike) => {
    const bob = await anActor(tocsin);
    const path = `/organisations/${bob.slug}`;
    const { body: before } = await bob.sends('get', path).expect(200);
    const change = bob.sends('patch', path).send({ name: alike(alice.slug) });
    expect(await codeOf(change, 409)).toBe('name_taken');
    expect((await bob.sends('get', path)).body).toEqual(before);
  });
});

describe('overlapping agreements', () => {
  it('of one community are refused', async () => {
    const bob = await anActor(tocsin);
    const wish = { organisation: bob.slug, community: 'alliance', title: 'Second', kind: 'mou' };
    const second = admin.sends('post', '/agreements').send({ ...wish, ceiling: 'green' });
    expect(await codeOf(second, 409)).toBe('agreement_overlaps');
  });

  it('of two communities add up: the higher ceiling holds, and falls with its agreement', async () => {
    const [one, other] = [slug(), slug()];
    const bob = await anActor(tocsin, { communities: [one], ceiling: 'green' });
    const community = { slug: other, name: other };
    await admin.sends('post', '/communities').send(community).expect(201);
    const wish = {
      organisation: bob.slug,
      community: other,
      title: 'Second',
      kind: 'mou',
      ceiling: 'amber',
    };
    const { body } = await admin.sends('post', '/agreements').send(wish).expect(201);
    const me = async () => (await bob.sends('get', '/me').expect(200)).body as object;
    expect(await me()).toMatchObject({ tlp_ceiling: 'amber' });
    const { id } = body as { id: number };
    await admin.sends('post', `/agreements/${id}/end`).expect(200);
    const left = { tlp_ceiling: 'green', audiences: [{ slug: one }] };
    expect(await me()).toMatchObject(left);
  });
});

describe('the last admin', () => {
  it('cannot be revoked, leave or lose its agreement', async () => {
    await tocsin.sql(
      `update api_key set revoked_at = now()
       where role = 'admin' and organisation_id <>
         (select id from organisation where slug = $1)`,
      [admin.slug],
    );
    const id = admin.key.split('_')[1] ?? '';
    expect(await codeOf(admin.sends('delete', `/keys/${id}`), 409)).toBe('last_admin');
    const leave = admin.sends('patch', `/organisations/${admin.slug}`).send({ status: 'left' });
    expect(await codeOf(leave, 409)).toBe('last_admin');
    const [agreement] = await tocsin.sql<{ id: number }>(
      `select id from agreement
       where organisation_id = (select id from organisation where slug = $1)`,
      [admin.slug],
    );
    const end = admin.sends('post', `/agreements/${agreement?.id}/end`);
    expect(await codeOf(end, 409)).toBe('last_admin');
    await admin.sends('get', '/me').expect(200);
  });
});

it('what is not HTTP gets an answer in the same form', async () => {
  const { port, hostname } = new URL(tocsin.url);
  const socket = connect(Number(port), hostname);
  socket.write('WHAT IS THIS\r\n\r\n');
  const text = Buffer.concat(await socket.toArray()).toString();
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  const body = text.split('\r\n\r\n')[1] ?? '';
  expect(JSON.parse(body)).toMatchObject({ code: 'invalid_request', status: 400 });
});
