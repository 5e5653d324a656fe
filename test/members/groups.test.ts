import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actor, anActor, slug } from '../support/actors.ts';
import { accepts, admits } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Group {
  slug: string;
  members: string[] | null;
  owners: string[] | null;
  invited_members: string[] | null;
  member: boolean;
  owner: boolean;
  invited: boolean;
}

let tocsin: Tocsin;
let owner: Actor;
let friend: Actor;
let stranger: Actor;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [owner, friend, stranger] = await Promise.all([
    anActor(tocsin, { role: 'publisher' }),
    anActor(tocsin, { role: 'publisher' }),
    anActor(tocsin, { role: 'publisher' }),
  ]);
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

async function aGroup(wish: object = {}): Promise<string> {
  const name = slug('group');
  await owner
    .sends('post', '/sharing-groups')
    .send({ slug: name, name, ...wish })
    .expect(201);
  return name;
}

async function seen(who: Actor, group: string): Promise<Group> {
  return (await who.sends('get', `/sharing-groups/${group}`).expect(200)).body as Group;
}

async function codeOf(test: ReturnType<Actor['sends']>, status: number): Promise<string> {
  return ((await test.expect(status)).body as { code: string }).code;
}

describe('sharing groups', () => {
  it('are kept by the organisation that makes them, and seen by who is in them', async () => {
    const group = await aGroup({ members: [friend.slug] });
    await accepts(friend, group);
    const members = [friend.slug, owner.slug].toSorted();
    for (const who of [owner, friend, admin]) {
      expect(await seen(who, group)).toMatchObject({ members, owners: [owner.slug] });
    }
    expect(await seen(friend, group)).toMatchObject({ member: true, owner: false });
    const { body } = await stranger.sends('get', '/sharing-groups').expect(200);
    expect(JSON.stringify(body)).not.toContain(group);
  });

  it('do not exist for who is not in them', async () => {
    const group = await aGroup();
    const none = slug('group');
    const tries = (name: string) => [
      stranger.sends('get', `/sharing-groups/${name}`),
      stranger.sends('patch', `/sharing-groups/${name}`).send({ open: true }),
      stranger
        .sends('post', `/sharing-groups/${name}/members`)
        .send({ organisation: stranger.slug }),
      stranger.sends('delete', `/sharing-groups/${name}/members/${owner.slug}`),
      stranger
        .sends('post', `/sharing-groups/${name}/owners`)
        .send({ organisation: stranger.slug }),
      stranger.sends('delete', `/sharing-groups/${name}/owners/${owner.slug}`),
    ];
    const [there, missing] = [tries(group), tries(none)];
    for (const [index, test] of there.entries()) {
      const { instance: _, ...one } = (await test.expect(404)).body as Record<string, unknown>;
      const { body } = (await missing[index]?.expect(404)) ?? { body: {} };
      const { instance: __, ...other } = body as Record<string, unknown>;
      expect(JSON.stringify(one).replaceAll(group, none)).toBe(JSON.stringify(other));
    }
  });

  it('are changed by owners and admins', async () => {
    const group = await aGroup({ members: [friend.slug] });
    await accepts(friend, group);
    const path = `/sharing-groups/${group}`;
    const put = { organisation: stranger.slug };
    expect(await codeOf(friend.sends('patch', path).send({ open: true }), 403)).toBe(
      'not_an_owner',
    );
    expect(await codeOf(friend.sends('post', `${path}/members`).send(put), 403)).toBe(
      'not_an_owner',
    );
    const away = friend.sends('delete', `${path}/members/${owner.slug}`);
    expect(await codeOf(away, 403)).toBe('not_an_owner');
    await admits(owner, group, stranger);
    await owner.sends('post', `${path}/members`).send(put).expect(204);
    expect((await seen(stranger, group)).member).toBe(true);
    await admin.sends('delete', `${path}/members/${stranger.slug}`).expect(204);
    await stranger.sends('get', path).expect(404);
    const change = { name: 'Other', hidden_members: true };
    const { body } = await owner.sends('patch', path).send(change).expect(200);
    expect(body).toMatchObject(change);
    await owner.sends('patch', path).send({}).expect(400);
    await (await owner.as('analyst')).sends('patch', path).send(change).expect(403);
  });

  it('can be left by oneself, and joined when they are open', async () => {
    const group = await aGroup({ open: true });
    const path = `/sharing-groups/${group}`;
    expect(await seen(stranger, group)).toMatchObject({ member: false, members: null });
    const self = { organisation: stranger.slug };
    await stranger.sends('post', `${path}/members`).send(self).expect(204);
    expect((await seen(stranger, group)).members).toContain(stranger.slug);
    expect(await codeOf(stranger.sends('post', `${path}/owners`).send(self), 403)).toBe(
      'not_an_owner',
    );
    await stranger.sends('delete', `${path}/members/${stranger.slug}`).expect(204);
    expect((await seen(stranger, group)).member).toBe(false);
    await owner.sends('patch', path).send({ open: false }).expect(200);
    await stranger.sends('post', `${path}/members`).send(self).expect(404);
  });

  it('are owned by organisations, of which one stays', async () => {
    const group = await aGroup();
    const path = `/sharing-groups/${group}`;
    const own = { organisation: group };
    expect(await codeOf(owner.sends('post', `${path}/owners`).send(own), 400)).toBe(
      'organisation_unknown',
    );
    const last = owner.sends('delete', `${path}/owners/${owner.slug}`);
    expect(await codeOf(last, 409)).toBe('last_owner');
    await owner.sends('delete', `${path}/members/${owner.slug}`).expect(204);
    expect(await seen(owner, group)).toMatchObject({ members: [], owner: true, member: false });
    const appointed = { organisation: friend.slug };
    await owner.sends('post', `${path}/owners`).send(appointed).expect(202);
    expect(await codeOf(owner.sends('delete', `${path}/owners/${owner.slug}`), 409)).toBe(
      'last_owner',
    );
    await friend.sends('post', `${path}/owners`).send(appointed).expect(204);
    await owner.sends('delete', `${path}/owners/${owner.slug}`).expect(204);
    await owner.sends('get', path).expect(404);
    expect((await seen(friend, group)).owner).toBe(true);
  });

  it('hide their members from one another where they are told to', async () => {
    const group = await aGroup({ hidden_members: true, members: [friend.slug, stranger.slug] });
    for (const member of [friend, stranger]) await accepts(member, group);
    const path = `/sharing-groups/${group}`;
    const { body } = await friend.sends('get', path).expect(200);
    expect(body).toMatchObject({ members: null, owners: null, member: true });
    const list = await friend.sends('get', '/sharing-groups').expect(200);
    const { sharing_groups: groups } = list.body as { sharing_groups: Group[] };
    const entry = groups.find((one) => one.slug === group);
    expect(entry).toEqual(body);
    for (const text of [JSON.stringify(body), JSON.stringify(entry)]) {
      expect(text).not.toContain(stranger.slug);
      expect(text).not.toContain(owner.slug);
    }
    expect((await seen(owner, group)).members).toHaveLength(3);
    expect((await seen(admin, group)).members).toHaveLength(3);
    // Whether somebody is in it changes no answer.
    const outsider = await anActor(tocsin);
    const answers = await Promise.all(
      [stranger, outsider].map(async ({ slug: one }) => {
        const added = await friend.sends('post', `${path}/members`).send({ organisation: one });
        const removed = await friend.sends('delete', `${path}/members/${one}`);
        return [added, removed].map(({ status, body: said }) => [
          status,
          (said as Group & { detail: string }).detail,
        ]);
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  it.each([
    ['organisation_unknown', 400, { members: ['nobody-at-all'] }],
    ['organisation_unknown', 400, { members: ['alliance'] }],
    ['invalid_request', 400, { slug: 'A group' }],
    ['invalid_request', 400, { kind: 'community' }],
    ['invalid_request', 400, { members: Array.from({ length: 10_000 }, (_, i) => `org-${i}`) }],
    ['name_taken', 409, { slug: 'alliance' }],
    ['name_taken', 409, { slug: 'a11iance' }],
  ])('are refused as %s', async (code, status, wrong) => {
    const wish = { slug: slug('group'), name: 'x', ...wrong };
    expect(await codeOf(owner.sends('post', '/sharing-groups').send(wish), status)).toBe(code);
  });

  it('are for publishers to make', async () => {
    const wish = { slug: slug('group'), name: 'x' };
    await (await owner.as('analyst')).sends('post', '/sharing-groups').send(wish).expect(403);
    await (await owner.as('feed')).sends('get', '/sharing-groups').expect(403);
  });
});
