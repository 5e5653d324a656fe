import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../../src/access/administer.ts';
import { chooseGroupSlug } from '../../src/members/group-slug.ts';
import { findOrganisationId } from '../../src/store/members/organisations.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import { type Actor, anActor, slug } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { accepts, admits, createGroup } from '../support/groups.ts';
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

async function seen(who: Actor, group: string): Promise<Group> {
  return (await who.sends('get', `/sharing-groups/${group}`).expect(200)).body as Group;
}

async function codeOf(test: ReturnType<Actor['sends']>, status: number): Promise<string> {
  return ((await test.expect(status)).body as { code: string }).code;
}

describe('sharing groups', () => {
  it('are maintained by the organisation that creates them, and seen by their members', async () => {
    const group = await createGroup(owner, { members: [friend.slug] });
    await accepts(friend, group);
    const members = [friend.slug, owner.slug].toSorted();
    for (const who of [owner, friend, admin]) {
      expect(await seen(who, group)).toMatchObject({ members, owners: [owner.slug] });
    }
    expect(await seen(friend, group)).toMatchObject({ member: true, owner: false });
    const { body } = await stranger.sends('get', '/sharing-groups').expect(200);
    expect(JSON.stringify(body)).not.toContain(group);
  });

  it('do not exist for organisations that are not in them', async () => {
    const group = await createGroup(owner);
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
    const group = await createGroup(owner, { members: [friend.slug] });
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
    await owner.sends('post', `${path}/members`).send(put).expect(200);
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
    const group = await createGroup(owner, { open: true });
    const path = `/sharing-groups/${group}`;
    expect(await seen(stranger, group)).toMatchObject({ member: false, members: null });
    const self = { organisation: stranger.slug };
    await stranger.sends('post', `${path}/members`).send(self).expect(200);
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
    const group = await createGroup(owner);
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
    await friend.sends('post', `${path}/owners`).send(appointed).expect(200);
    await owner.sends('delete', `${path}/owners/${owner.slug}`).expect(204);
    await owner.sends('get', path).expect(404);
    expect((await seen(friend, group)).owner).toBe(true);
  });

  it('hide their members from one another if configured so', async () => {
    const group = await createGroup(owner, {
      hidden_members: true,
      members: [friend.slug, stranger.slug],
    });
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

describe('the slug of a group that a member creates', () => {
  const create = (who: Actor, wish: string) =>
    who.sends('post', '/sharing-groups').send({ slug: wish, name: 'x' });

  it('is the one that it asked for with a random ending, in the answer and everywhere else', async () => {
    const wish = slug('group');
    const answer = await create(owner, wish).expect(201);
    const { slug: given } = answer.body as Group;
    expect(given).toMatch(new RegExp(`^${wish}-[0-9a-hjkmnp-tv-z]{6}$`));
    expect(answer.headers['location']).toMatch(new RegExp(`/api/v1/sharing-groups/${given}$`));
    expect(await seen(owner, given)).toEqual(answer.body);
    await owner.sends('get', `/sharing-groups/${wish}`).expect(404);
    const named = `select detail ->> 'group' as slug from audit
      where action = 'group.create' and detail ->> 'group' like $1`;
    expect(await tocsin.sql(named, [`${wish}%`])).toEqual([{ slug: given }]);
    await owner.posts(indicator(), { audience: given }).expect(200);
  });

  it('is another one each time, for org_admins too', async () => {
    const wish = slug('group');
    const chief = await owner.as('org_admin');
    const slugs = [];
    for (const who of [owner, owner, chief]) {
      slugs.push(((await create(who, wish).expect(201)).body as Group).slug);
    }
    expect(new Set(slugs).size).toBe(3);
  });

  it('has at most 63 characters with its ending', async () => {
    const wish = slug('g').padEnd(56, 'x');
    const { body } = await create(owner, wish).expect(201);
    expect((body as Group).slug).toHaveLength(63);
    const answer = await create(owner, `${wish}x`).expect(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request', path: 'body.slug', limit: 56 });
  });

  it('is drawn again when it exists, whether the member may know that or not', async () => {
    const wish = slug('group');
    await create(admin, `${wish}-000000`).expect(201);
    const id = (await findOrganisationId(tocsin.db.server, owner.slug)) ?? 0;
    const by = {
      ...operator('test'),
      role: 'publisher',
      organisation: { id, slug: owner.slug },
    } as const;
    const endings = ['000000', '000000', '000001'];
    const given = await asServer(tocsin.db, (tx) =>
      chooseGroupSlug(tx, by, wish, () => endings.shift() ?? 'none'),
    );
    expect(given).toBe(`${wish}-000001`);
    expect(endings).toEqual([]);
  });

  it('is exactly the one that an administrator asks for', async () => {
    const wish = slug('group').padEnd(63, 'x');
    expect((await create(admin, wish).expect(201)).body).toMatchObject({ slug: wish });
    expect(await codeOf(create(admin, wish), 409)).toBe('name_taken');
  });
});
