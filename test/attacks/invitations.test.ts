/** An invitation, or a link that resets a password, opens nothing once what made it has ended. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor, anActor } from '../support/actors.ts';
import { aPerson, anEmail, type Person } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const HOUR_MS = 3_600_000;

let tocsin: Tocsin;
let admin: Actor;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_SIGN_IN_TRIES: '10000' } });
  admin = await anActor(tocsin, { role: 'admin' });
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

interface Key {
  readonly id: string;
  readonly actor: Actor;
}

function holding(key: string): Actor {
  return new Actor(tocsin, { slug: chief.slug, identity: chief.identity, key });
}

async function keyFrom(by: Actor, path = '/keys', wish: object = { role: 'org_admin' }) {
  const { body } = await by.sends('post', path).send(wish).expect(201);
  const { id, key } = body as { id: string; key: string };
  return { id, actor: holding(key) } satisfies Key;
}

const rotate = (by: Actor, { id }: Key, overlap: number) =>
  keyFrom(by, `/keys/${id}/rotate`, { overlap_seconds: overlap });

const revoke = ({ id }: Key) => chief.sends('delete', `/keys/${id}`).expect(204);

function later(ms: number): string {
  return new Date(tocsin.clock.now().getTime() + ms).toISOString();
}

async function change({ id }: Person, wish: object): Promise<void> {
  await admin.sends('patch', `/users/${id}`).send(wish).expect(200);
}

/** The creators of links, and what happens before somebody accepts them. */
interface Maker {
  readonly actor: Actor;
  readonly ends: () => Promise<unknown>;
}

const nothing = () => Promise.resolve();

async function aKey(ends: (key: Key) => Promise<unknown>): Promise<Maker> {
  const key = await keyFrom(chief);
  return { actor: key.actor, ends: () => ends(key) };
}

async function aUser(ends: (user: Person) => Promise<unknown>): Promise<Maker> {
  const user = await aPerson(tocsin, chief, { role: 'org_admin' });
  return { actor: await user.signsIn(), ends: () => ends(user) };
}

async function aKeyOfAUser(ends: (user: Person, key: Key) => Promise<unknown>): Promise<Maker> {
  const user = await aPerson(tocsin, chief, { role: 'org_admin' });
  const key = await keyFrom(await user.signsIn());
  return { actor: key.actor, ends: () => ends(user, key) };
}

async function aKeyThatExpires(): Promise<Maker> {
  const wish = { role: 'org_admin', expires_at: later(HOUR_MS) };
  const { actor } = await keyFrom(chief, '/keys', wish);
  return { actor, ends: async () => tocsin.clock.advance(HOUR_MS + 1) };
}

/** The key of a key of a key, with the first of them. */
async function aGrandchild(ends: (first: Key) => Promise<unknown>): Promise<Maker> {
  const first = await keyFrom(chief);
  const { actor } = await keyFrom((await keyFrom(first.actor)).actor);
  return { actor, ends: () => ends(first) };
}

const rotatedThen = (by: (key: Key) => Actor, ends: (key: Key, next: Key) => Promise<unknown>) =>
  aKey(async (key) => {
    const next = await rotate(by(key), key, 60);
    tocsin.clock.advance(61_000);
    await ends(key, next);
  });

const itself = ({ actor }: Key) => actor;
const another = () => chief;

const ENDED: Readonly<Record<string, () => Promise<Maker>>> = {
  'a key that is revoked': () => aKey(revoke),
  'a key that is rotated because it has leaked': () => aKey((key) => rotate(chief, key, 0)),
  'a key that expires': aKeyThatExpires,
  'a key whose grandparent is revoked': () => aGrandchild(revoke),
  'a key whose grandparent has leaked': () => aGrandchild((first) => rotate(chief, first, 0)),
  'a key that is revoked in the database': () =>
    aKey(({ id }) => tocsin.sql('update api_key set revoked_at = now() where id = $1', [id])),
  'a key that rotated itself, when the successor is revoked': () =>
    rotatedThen(itself, (_, next) => revoke(next)),
  'a key that another rotated, when the successor is revoked': () =>
    rotatedThen(another, (_, next) => revoke(next)),
  'a key that rotated itself, when the old one is revoked': () => rotatedThen(itself, revoke),
  'a key that another rotated, when the old one is revoked': () => rotatedThen(another, revoke),
  'a key whose user is disabled': () => aKeyOfAUser((user) => change(user, { status: 'disabled' })),
  'a key whose user is disabled after another key rotated it': () =>
    aKeyOfAUser(async (user, key) => {
      await rotate(chief, key, 60);
      tocsin.clock.advance(61_000);
      await change(user, { status: 'disabled' });
    }),
  'a key whose user is demoted': () => aKeyOfAUser((user) => change(user, { role: 'analyst' })),
  'a user who is disabled': () => aUser((user) => change(user, { status: 'disabled' })),
  'a user who is disabled for a while': () =>
    aUser(async (user) => {
      await change(user, { status: 'disabled' });
      await change(user, { status: 'active' });
    }),
  'a user who is deleted': () =>
    aUser(({ id }) => admin.sends('delete', `/users/${id}`).expect(204)),
  'a user who is demoted': () => aUser((user) => change(user, { role: 'analyst' })),
  'a user who is demoted in the database': () =>
    aUser(({ id }) => tocsin.sql(`update user_account set role = 'publisher' where id = $1`, [id])),
};

const IN_FORCE: Readonly<Record<string, () => Promise<Maker>>> = {
  'a key': () => aKey(nothing),
  'a key of a key of a key': () => aGrandchild(nothing),
  'a key of a user': () => aKeyOfAUser(nothing),
  'a user': () => aUser(nothing),
  'a user who has signed out': () =>
    aUser(({ id }) => admin.sends('delete', `/users/${id}/sessions`).expect(204)),
  'a key that rotated itself with an overlap': () => rotatedThen(itself, nothing),
  'a key that another rotated with an overlap': () => rotatedThen(another, nothing),
};

interface Link {
  readonly userId: string;
  readonly token: string;
}

function linkOf({ body }: { readonly body: unknown }): Link {
  const { id, invitation } = body as { id: string; invitation: { token: string } };
  return { userId: id, token: invitation.token };
}

const LINKS: Readonly<Record<string, (by: Actor) => Promise<Link>>> = {
  'an invitation': async (by) => {
    const wish = { email: anEmail(), name: 'x', role: 'org_admin' };
    return linkOf(await by.sends('post', '/users').send(wish).expect(201));
  },
  'a reset link': async (by) => {
    const { id } = await aPerson(tocsin, chief, { role: 'org_admin' });
    return linkOf(await by.sends('post', `/users/${id}/invitation`).expect(201));
  },
};

const over = (makers: object) =>
  Object.keys(LINKS).flatMap((link) => Object.keys(makers).map((maker) => [link, maker] as const));

async function made(
  [link, maker]: readonly [string, string],
  makers: Readonly<Record<string, () => Promise<Maker>>>,
) {
  const found = await makers[maker]?.();
  const make = LINKS[link];
  if (found === undefined || make === undefined) throw new Error('No such case');
  return { ...found, ...(await make(found.actor)) };
}

const accountOf = (id: string) =>
  tocsin.sql('select status, password_hash from user_account where id = $1', [id]);

async function answers({ token }: Link) {
  const body = { token, password: `long enough ${randomBytes(4).toString('hex')}` };
  const told = await chief.sends('post', '/invitations/describe').send({ token });
  const accepted = await chief.sends('post', '/invitations/accept').send(body);
  return [told, accepted].map(({ status, body: { code } }) => (status === 200 ? 200 : code));
}

const UNUSABLE = ['invitation_invalid', 'invitation_invalid'];

describe('opens nothing any more', () => {
  it.each(over(ENDED))('%s from %s', async (link, maker) => {
    const { userId, token, ends } = await made([link, maker], ENDED);
    await ends();
    const before = await accountOf(userId);
    expect(await answers({ userId, token })).toEqual(UNUSABLE);
    expect(await accountOf(userId)).toEqual(before);
  });
});

describe('can be used', () => {
  it.each(over(IN_FORCE))('%s from %s', async (link, maker) => {
    const { userId, token, ends } = await made([link, maker], IN_FORCE);
    await ends();
    const before = await accountOf(userId);
    expect(await answers({ userId, token })).toEqual([200, 200]);
    expect(await accountOf(userId)).not.toEqual(before);
  });
});

it('is worth no more than its maker may grant, whatever its user has become', async () => {
  for (const wish of [{ role: 'admin' }, { red_clearance: true }]) {
    const { actor } = await aKey(nothing);
    const link = await LINKS['an invitation']?.(actor);
    if (link === undefined) throw new Error('No link');
    await admin.sends('patch', `/users/${link.userId}`).send(wish).expect(200);
    expect(await answers(link)).toEqual(UNUSABLE);
  }
});

it('ends at the latest when the key does that made it, and says so', async () => {
  const expires = later(HOUR_MS);
  const { actor } = await keyFrom(chief, '/keys', { role: 'org_admin', expires_at: expires });
  const wish = { email: anEmail(), name: 'x', role: 'analyst' };
  const { body } = await actor.sends('post', '/users').send(wish).expect(201);
  expect(body.invitation.expires_at).toBe(expires);
  const { token } = body.invitation as { token: string };
  const told = await chief.sends('post', '/invitations/describe').send({ token }).expect(200);
  expect(told.body.expires_at).toBe(expires);
});
