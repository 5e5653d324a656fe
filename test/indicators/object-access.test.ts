import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, marked, newer, type PostedObject } from '../support/builders.ts';
import { accepts, createGroup } from '../support/groups.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Version {
  shared_by: string;
  tlp: string;
  revoked: boolean;
  current: boolean;
  through_keys: boolean;
  audience: { kind: string; slug: string; members_told: boolean }[];
  sees: boolean | null;
  reason: string | null;
  chain: { condition: string; met: boolean | null; through?: string[] }[];
}

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
  admin = await anActor(tocsin, { role: 'admin', communities: ['alliance'] });
});
afterAll(() => tocsin.close());

function asks(who: Actor, id: string, organisation: string): ReturnType<Actor['sends']> {
  return who.sends('get', `/objects/${id}/access`).query({ organisation });
}

async function told(who: Actor, id: string, about: Actor): Promise<Version[]> {
  const { body } = await asks(who, id, about.slug).expect(200);
  return (body as { versions: Version[] }).versions;
}

describe('why an organisation sees an object', () => {
  it('lists conditions, in order, with the parts of the audience that let it', async () => {
    const object = indicator();
    await alice.shares(object, { audience: `alliance,${bob.slug}` });
    const [version] = await told(alice, object.id, bob);
    expect(version).toMatchObject({
      shared_by: alice.slug,
      tlp: 'amber',
      current: true,
      revoked: false,
      through_keys: true,
      sees: true,
      reason: null,
      chain: [
        { condition: 'realm', met: true },
        { condition: 'status', met: true },
        { condition: 'agreement', met: true },
        { condition: 'audience', met: true, through: ['alliance', bob.slug].toSorted() },
        { condition: 'ceiling', met: true },
      ],
    });
    expect((await told(alice, object.id, alice))[0]?.chain[3]?.through).toContain(alice.slug);
  });

  it.each([
    ['not_in_audience', {}, () => ({ audience: alice.slug })],
    ['ceiling_too_low', { ceiling: 'green' as const }, () => ({})],
  ])('%s', async (reason, wish, query) => {
    const object = indicator();
    await alice.shares(object, query());
    const other = await anActor(tocsin, wish);
    expect((await told(alice, object.id, other))[0]).toMatchObject({ sees: false, reason });
    await other.finds(object.id).expect(404);
  });

  it('no_agreement and not_active, the latter to callers who may know of the organisation', async () => {
    const [ended, suspended] = [await anActor(tocsin), await anActor(tocsin)];
    const [open, named] = [indicator(), indicator()];
    await alice.shares(open);
    await alice.shares(named, { audience: suspended.slug });
    await tocsin.sql(
      `update agreement set ended_at = now()
       where organisation_id = (select id from organisation where slug = $1)`,
      [ended.slug],
    );
    await tocsin.sql(`update organisation set status = 'suspended' where slug = $1`, [
      suspended.slug,
    ]);
    expect((await told(alice, open.id, ended))[0]).toMatchObject({ reason: 'no_agreement' });
    expect((await told(admin, open.id, suspended))[0]).toMatchObject({ reason: 'not_active' });
    expect((await told(alice, named.id, suspended))[0]).toMatchObject({ reason: 'not_active' });
    const { body } = await asks(alice, open.id, suspended.slug).expect(404);
    const none = await asks(alice, open.id, slug('org')).expect(404);
    expect(Object.keys(body as object)).toEqual(Object.keys(none.body as object));
  });

  it('covers each version as it is: older, narrowed, revoked, RED', async () => {
    const object = indicator();
    await alice.shares(object);
    await alice.shares(newer(object), { audience: alice.slug });
    const [current, older] = await told(alice, object.id, bob);
    expect(current).toMatchObject({ current: true, sees: false, reason: 'not_in_audience' });
    expect(older).toMatchObject({ current: false, sees: false, reason: 'not_in_audience' });
    await bob.finds(object.id, { version: 'all' }).expect(404);
    await alice.sends('post', `/objects/${object.id}/revoke`).expect(200);
    expect((await told(alice, object.id, bob))[0]).toMatchObject({ revoked: true, current: true });
    const red = marked('red');
    await alice.shares(red, { audience: bob.slug });
    const wish = { role: 'publisher', redClearance: true } as const;
    const cleared = await (await aPerson(tocsin, alice, wish)).signsIn();
    const [secret] = await told(cleared, red.id, bob);
    expect(secret).toMatchObject({ tlp: 'red', sees: true, through_keys: false });
    await bob.finds(red.id).expect(404);
  });

  it('is of all sharers for an admin, whatever they see themselves, and of its own for an owner', async () => {
    const object = indicator();
    await alice.shares(object, { audience: alice.slug });
    await bob.shares(object, { audience: bob.slug });
    await admin.finds(object.id).expect(404);
    const sharers = async (who: Actor) =>
      new Map((await told(who, object.id, bob)).map((one) => [one.shared_by, one.sees]));
    const both = new Map([
      [alice.slug, false],
      [bob.slug, true],
    ]);
    expect(await sharers(admin)).toEqual(both);
    expect(await sharers(alice)).toEqual(new Map([[alice.slug, false]]));
  });
});

describe('a group whose members are hidden', () => {
  async function aHiddenGroup(): Promise<{ group: string; object: PostedObject; sharer: Actor }> {
    const sharer = await anActor(tocsin);
    const group = await createGroup(bob, { hidden_members: true, members: [sharer.slug] });
    await accepts(sharer, group);
    const object = indicator();
    await sharer.shares(object, { audience: group });
    return { group, object, sharer };
  }

  it('is not laid open to a member that shares with it: in or out is the same', async () => {
    const { group, object, sharer } = await aHiddenGroup();
    const insider = await told(sharer, object.id, bob);
    const outsider = await told(sharer, object.id, alice);
    expect(insider).toEqual(outsider);
    expect(insider[0]).toMatchObject({
      audience: [{ kind: 'group', slug: group, members_told: false }],
      sees: null,
      reason: 'not_told',
    });
  });

  it('is open to its owner and to admins', async () => {
    const { group, object } = await aHiddenGroup();
    for (const [about, sees] of [
      [bob, true],
      [alice, false],
    ] as const) {
      expect((await told(admin, object.id, about))[0]).toMatchObject({ sees });
    }
    const own = indicator();
    await bob.shares(own, { audience: group });
    expect((await told(bob, own.id, alice))[0]).toMatchObject({ sees: false });
  });

  it('stays closed to organisations that have left it', async () => {
    const { group, object, sharer } = await aHiddenGroup();
    await bob.sends('patch', `/sharing-groups/${group}`).send({ hidden_members: false });
    expect((await told(sharer, object.id, bob))[0]).toMatchObject({ sees: true });
    await sharer.sends('delete', `/sharing-groups/${group}/members/${sharer.slug}`).expect(204);
    expect((await told(sharer, object.id, bob))[0]).toMatchObject({ sees: null });
  });
});

it('for anybody else there is no such object, seen or not, there or not', async () => {
  const [seen, unseen] = [indicator(), indicator()];
  await alice.shares(seen);
  await alice.shares(unseen, { audience: alice.slug });
  await bob.finds(seen.id).expect(200);
  const answers = [];
  for (const id of [seen.id, unseen.id, `indicator--${randomUUID()}`, 'nonsense']) {
    const { body } = await asks(bob, id, alice.slug).expect(404);
    const { instance: _, ...rest } = body as Record<string, unknown>;
    answers.push(rest);
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

it('asks about one organisation, by a slug', async () => {
  await alice.sends('get', `/objects/${indicator().id}/access`).expect(400);
  await asks(alice, indicator().id, 'Not A Slug').expect(400);
});
