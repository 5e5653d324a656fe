import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actor, anActor, slug } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { accepts, admits, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let owner: Actor;
let victim: Actor;
let admin: Actor;

const QUOTAS = {
  TOCSIN_QUOTA_GROUPS_OWNED: '3',
  TOCSIN_QUOTA_GROUPS_JOINED: '3',
  TOCSIN_QUOTA_GROUP_MEMBERS: '3',
  TOCSIN_QUOTA_INVITATIONS: '2',
  TOCSIN_QUOTA_INVITATIONS_SENT: '3',
};

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

async function two(on = tocsin): Promise<void> {
  [owner, victim] = await Promise.all([
    anActor(on, { role: 'publisher' }),
    anActor(on, { role: 'publisher' }),
  ]);
}

async function invitations(of: Actor): Promise<Record<string, unknown>[]> {
  const { body } = await of.sends('get', '/sharing-group-invitations').expect(200);
  return (body as { invitations: Record<string, unknown>[] }).invitations;
}

async function codeOf(test: ReturnType<Actor['sends']>, status: number): Promise<string> {
  return ((await test.expect(status)).body as { code: string }).code;
}

const invite = (by: Actor, group: string, who: Actor, part = 'members') =>
  by.sends('post', `/sharing-groups/${group}/${part}`).send({ organisation: who.slug });
const remove = (by: Actor, group: string, who: Actor, part = 'members') =>
  by.sends('delete', `/sharing-groups/${group}/${part}/${who.slug}`);

describe('an organisation that another one adds to a group', () => {
  beforeAll(() => two());

  it('sees who invites it into which group, and nothing of the group before it accepts', async () => {
    const description = 'Ports and shipping';
    const facts = { name: 'Harbours', description };
    const group = await createGroup(owner, { ...facts, members: [victim.slug] });
    const object = indicator();
    await owner.shares(object, { audience: group });
    expect(await invitations(victim)).toMatchObject([
      { group, ...facts, part: 'member', invited_by: owner.slug },
    ]);
    const { body } = await victim.sends('get', `/sharing-groups/${group}`).expect(200);
    expect(body).toMatchObject({ member: false, invited: true, members: null, owners: null });
    expect(body).toMatchObject({ invited_members: null });
    await victim.finds(object.id).expect(404);
    expect(await victim.sees()).toEqual([]);
    expect(await codeOf(victim.posts(indicator(), { audience: group }), 400)).toBe(
      'audience_unknown',
    );
    await accepts(victim, group);
    expect(await victim.sees()).toEqual([object.id]);
    expect(await invitations(victim)).toEqual([]);
    await remove(victim, group, victim).expect(204);
    await victim.finds(object.id).expect(404);
  });

  it('is not a member in a preview, and the owner sees that it has not answered', async () => {
    const group = await createGroup(owner, { members: [victim.slug] });
    const { body } = await owner
      .sends('post', '/audiences/preview')
      .send({ audience: [group], tlp: 'green' })
      .expect(200);
    const [level] = (body as { levels: { sees: { organisation: string }[] }[] }).levels;
    expect(level?.sees.map(({ organisation }) => organisation)).toEqual([owner.slug]);
    const view = await owner.sends('get', `/sharing-groups/${group}`).expect(200);
    expect(view.body).toMatchObject({ members: [owner.slug], invited_members: [victim.slug] });
  });

  it('declines, and may be invited again; the inviter can withdraw the invitation', async () => {
    const group = await createGroup(owner, { members: [victim.slug] });
    await remove(victim, group, victim).expect(204);
    await victim.sends('get', `/sharing-groups/${group}`).expect(404);
    expect(await codeOf(invite(victim, group, victim), 404)).toBe('not_found');
    await invite(owner, group, victim).expect(202);
    await invite(owner, group, victim).expect(202);
    await remove(owner, group, victim).expect(204);
    expect(await codeOf(invite(victim, group, victim), 404)).toBe('not_found');
  });

  it('owns it only when it has accepted that, too', async () => {
    const group = await createGroup(owner);
    await invite(owner, group, victim, 'owners').expect(202);
    expect(await invitations(victim)).toContainEqual(
      expect.objectContaining({ group, part: 'owner' }),
    );
    // To own is not to be a member, and one invitation is not the other.
    expect(await codeOf(invite(victim, group, victim), 403)).toBe('group_closed');
    await invite(victim, group, victim, 'owners').expect(200);
    const { body } = await victim.sends('get', `/sharing-groups/${group}`).expect(200);
    expect(body).toMatchObject({ owner: true, member: false });
  });

  it('is asked by administrators, too, unless the group admits directly', async () => {
    const group = await createGroup(owner);
    await invite(admin, group, victim).expect(202);
    const change = (by: Actor, admission: string) =>
      by.sends('patch', `/sharing-groups/${group}`).send({ admission });
    expect(await codeOf(change(owner, 'direct'), 403)).toBe('role_not_allowed');
    const wish = { slug: slug('group'), name: 'x', admission: 'direct' };
    expect(await codeOf(owner.sends('post', '/sharing-groups').send(wish), 403)).toBe(
      'role_not_allowed',
    );
    await change(admin, 'direct').expect(200);
    await invite(owner, group, victim).expect(200);
    expect(await invitations(victim)).not.toContainEqual(expect.objectContaining({ group }));
    // Its members stay.
    const { body } = await change(owner, 'invitation').expect(200);
    expect((body as { members: string[] }).members).toContain(victim.slug);
    const outsider = await anActor(tocsin);
    await invite(owner, group, outsider).expect(202);
  });
});

describe('quotas of groups', () => {
  let small: Tocsin;

  beforeAll(async () => {
    const { url } = await tocsin.another(['http'], QUOTAS);
    small = { ...tocsin, url };
  });

  it('limit the invitations that one organisation sends, to another and in all', async () => {
    await two(small);
    const groups = [await createGroup(owner), await createGroup(owner), await createGroup(owner)];
    for (const group of groups.slice(1)) await invite(owner, group, victim).expect(202);
    const received = await invite(owner, groups[0] ?? '', victim).expect(409);
    expect(received.body).toMatchObject({ code: 'group_limit', limit: 2 });
    // One that has filled its share keeps nobody else from inviting.
    const others = [await anActor(small), await anActor(small)] as const;
    for (const other of others) await invite(other, await createGroup(other), victim).expect(202);
    await invite(owner, groups[0] ?? '', others[0]).expect(202);
    const sent = await invite(owner, groups[0] ?? '', others[1]).expect(409);
    expect(sent.body).toMatchObject({ code: 'group_limit', limit: 3 });
    // An organisation that declines can be invited again.
    for (const group of groups) await remove(victim, group, victim);
    await invite(owner, groups[0] ?? '', victim).expect(202);
  });

  it('limit how many groups it owns and is in, and how many a group has', async () => {
    await two(small);
    for (let n = 0; n < 3; n++) await createGroup(owner);
    const fourth = { slug: slug('group'), name: 'x' };
    expect(await codeOf(owner.sends('post', '/sharing-groups').send(fourth), 409)).toBe(
      'group_limit',
    );
    const hosts = await Promise.all([anActor(small), anActor(small)]);
    const open = await createGroup(hosts[0], { open: true });
    for (let n = 0; n < 3; n++) {
      await admits(hosts[1], await createGroup(hosts[1]), victim);
    }
    expect(await codeOf(invite(victim, open, victim), 409)).toBe('group_limit');
    await invite(hosts[0], open, hosts[1]).expect(202);
    expect(await codeOf(invite(hosts[1], open, hosts[1]), 409)).toBe('group_limit');
    await admits(hosts[0], open, await anActor(small));
    expect(await codeOf(invite(hosts[0], open, await anActor(small)), 409)).toBe('group_limit');
    const large = {
      slug: slug('group'),
      name: 'x',
      members: Array.from('abcd', (one) => `o-${one}`),
    };
    expect(await codeOf(hosts[0].sends('post', '/sharing-groups').send(large), 409)).toBe(
      'group_limit',
    );
  });

  it('hold when many requests come at once', async () => {
    await two(small);
    const tries = Array.from({ length: 12 }, () => {
      const body = { slug: slug('group'), name: 'x' };
      return owner.sends('post', '/sharing-groups').send(body);
    });
    const answers = await Promise.all(tries);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  });
});
