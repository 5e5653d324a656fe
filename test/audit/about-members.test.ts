/** What administrators of the server and its operator do to a member is in that member's part. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator, type Administrator } from '../../src/access/administer.ts';
import { mintKey, revokeKey, rotateKey } from '../../src/access/key-acts.ts';
import { changeUser, inviteUser } from '../../src/access/user-acts.ts';
import { renewLink } from '../../src/access/user-resets.ts';
import { chainAll } from '../../src/audit/chain.ts';
import { signHead } from '../../src/audit/checkpoint.ts';
import { makeAgreement, stopAgreement } from '../../src/members/agreements.ts';
import { createCommunity } from '../../src/members/communities.ts';
import { deleteUser } from '../../src/members/deletions.ts';
import { changeOrganisation } from '../../src/members/directory.ts';
import { createRealm } from '../../src/members/realms.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { createGroup } from '../support/groups.ts';
import { anEmail } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Entry {
  readonly position: number;
  readonly organisation: string | null;
  readonly actor: string;
  readonly action: string;
  readonly detail: Record<string, unknown>;
}

let tocsin: Tocsin;
let owner: Actor;
let admin: Actor;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  owner = await anActor(tocsin);
  admin = await owner.as('admin');
  alice = await anActor(tocsin);
  bob = await anActor(tocsin);
});
afterAll(() => tocsin.close());

async function entriesOf(actor: Actor): Promise<Entry[]> {
  await chainAll(tocsin.db);
  await signHead(tocsin.db, tocsin.keyring);
  const found: Entry[] = [];
  for (let page = { next: 0, more: true }; page.more;) {
    const { body } = await actor.sends('get', '/audit').query({ from: page.next, limit: 1000 });
    page = body as typeof page;
    found.push(...(body as { entries: Entry[] }).entries);
  }
  return found;
}

/** The entries that an act adds to the part of a member. */
async function added(actor: Actor, act: () => Promise<unknown>): Promise<Entry[]> {
  const before = new Set((await entriesOf(actor)).map(({ position }) => position));
  await act();
  return (await entriesOf(actor)).filter(({ position }) => !before.has(position));
}

const BY = operator('command line');
const now = () => tocsin.clock.now();
const user = async (by: Administrator = BY) => {
  const wish = { organisation: alice.slug, email: anEmail(), role: 'analyst', redClearance: false };
  return (await inviteUser(tocsin.db, by, { ...wish, role: 'analyst' }, now())).user;
};
const key = async () => {
  const wish = { organisation: alice.slug, role: 'feed', label: '', expiresAt: null } as const;
  return (await mintKey(tocsin, BY, wish)).key;
};
const agreement = async () => {
  const community = slug();
  const facts = { slug: community, description: '', within: [], contains: [] };
  await createCommunity(tocsin.db, BY, facts);
  const parties = { organisation: alice.slug, community, replaces: null };
  const terms = {
    title: 'T',
    reference: '',
    kind: 'mou',
    ceiling: 'green',
    documents: [],
  } as const;
  const validFrom = new Date(now().getTime() + 1_000_000_000_000);
  const dates = { validFrom, validUntil: new Date(validFrom.getTime() + 1000) };
  return makeAgreement(tocsin.db, BY, { ...parties, ...terms, ...dates }, now());
};
const suspend = (status: 'suspended' | 'active') =>
  changeOrganisation(tocsin.db, BY, alice.slug, { status }, now());

const byOperator: [action: string, act: () => Promise<() => Promise<unknown>>][] = [
  ['key.create', async () => key],
  ['key.revoke', async () => key().then((k) => () => revokeKey(tocsin.db, BY, k.id, now()))],
  [
    'key.rotate',
    async () =>
      key().then((k) => () => rotateKey(tocsin, BY, k.id, { now: now(), overlapSeconds: 5 })),
  ],
  ['user.invite', async () => () => user()],
  [
    'user.change',
    async () =>
      user().then((u) => () => changeUser(tocsin.db, BY, u.id, { redClearance: true }, now())),
  ],
  [
    'user.invite_again',
    async () => user().then((u) => () => renewLink(tocsin.db, BY, u.id, now())),
  ],
  ['user.delete', async () => user().then((u) => () => deleteUser(tocsin.db, BY, u.id, now()))],
  ['organisation.change', async () => () => suspend('active')],
  ['agreement.create', async () => agreement],
  [
    'agreement.end',
    async () => agreement().then((a) => () => stopAgreement(tocsin.db, BY, a.id, now())),
  ],
];

describe('an act of the operator is in the part of the member that it is about', () => {
  it.each(byOperator)('%s', async (action, prepare) => {
    const act = await prepare();
    const mine = await added(alice, act);
    expect(mine.filter((entry) => entry.action === action)).toMatchObject([
      { organisation: alice.slug, actor: 'command line' },
    ]);
    const theirs = (await entriesOf(bob)).filter(({ actor }) => actor === 'command line');
    expect(theirs).toEqual([]);
  });

  it('once, and not a second time for nobody', async () => {
    const entries = await added(admin, key);
    expect(entries.map(({ organisation }) => organisation)).toEqual([alice.slug]);
  });

  it('without the others of an exercise', async () => {
    const [name, other] = [slug('realm'), await anActor(tocsin)];
    const dates = { from: now(), until: new Date(now().getTime() + 1e7) };
    const members = [alice.slug, other.slug];
    const wish = { slug: name, ...dates, members, ceiling: 'green' } as const;
    const mine = await added(alice, () => createRealm(tocsin.db, BY, wish));
    const [entry] = mine.filter(({ action }) => action === 'realm.create');
    expect(entry?.detail).toEqual({ realm: name, ceiling: 'green' });
  });
});

describe('an act of an administrator of another organisation is in both parts', () => {
  it('with the actor, but not the address', async () => {
    const wish = { organisation: alice.slug, role: 'feed' };
    const act = () => admin.sends('post', '/keys').send(wish).expect(201);
    const mine = await added(alice, act);
    expect(mine).toMatchObject([{ action: 'key.create', organisation: alice.slug, address: null }]);
    const all = (await entriesOf(admin)).filter(({ action }) => action === 'key.create');
    const parts = new Set(all.slice(-2).map(({ organisation }) => organisation));
    expect(parts).toEqual(new Set([owner.slug, alice.slug]));
  });

  it('for members of a group, each of whom learns of itself alone', async () => {
    let group = '';
    const mine = await added(alice, async () => {
      group = await createGroup(bob, { members: [alice.slug, owner.slug] });
    });
    const [entry] = mine.filter(({ action }) => action === 'group.create');
    expect(JSON.stringify(entry?.detail)).not.toContain(owner.slug);
    expect(entry?.detail).toMatchObject({ group, organisation: alice.slug });
    const path = `/sharing-groups/${group}/members/${alice.slug}`;
    const removed = await added(alice, () => bob.sends('delete', path).expect(204));
    expect(removed).toMatchObject([{ action: 'group.remove_member', organisation: alice.slug }]);
  });
});
