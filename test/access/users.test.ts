import { randomUUID } from 'node:crypto';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../../src/access/administer.ts';
import { revokeKey } from '../../src/access/key-acts.ts';
import { changeUser } from '../../src/access/user-acts.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { aPerson, anEmail, Person } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Invited {
  id: string;
  email: string;
  status: string;
  invitation: { token: string; link: string };
}

let tocsin: Tocsin;
let admin: Actor;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_PUBLIC_URL: 'https://tocsin.example' } });
  admin = await anActor(tocsin, { role: 'admin' });
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

const codeOf = ({ body }: Response) => (body as { code?: string }).code;
const wish = (more = {}) => ({ email: anEmail(), name: 'Ada', role: 'analyst', ...more });

async function invite(by: Actor, more = {}): Promise<Invited> {
  return (await by.sends('post', '/users').send(wish(more)).expect(201)).body as Invited;
}

function accept(token: string, password = 'a password that is long'): request.Test {
  return request(tocsin.url).post('/api/v1/invitations/accept').send({ token, password });
}

describe('POST /users', () => {
  it('invites a user, who comes in once by the link and signs in', async () => {
    const made = await invite(chief, { email: anEmail().toUpperCase() });
    expect(made).toMatchObject({ status: 'invited', email: made.email.toLowerCase() });
    const { token, link } = made.invitation;
    expect(link).toBe(`https://tocsin.example/#/invitation/${token}`);
    const password = 'a password that is long';
    const person = new Person(tocsin, chief, { id: made.id, email: made.email, password });
    await person.triesToSignIn().expect(401);
    await accept(token).expect(200, { email: made.email });
    await person.triesToSignIn().expect(201);
    const { body } = await chief.sends('get', `/users/${made.id}`).expect(200);
    expect(body).toMatchObject({ status: 'active', organisation: chief.slug });
    expect(codeOf(await accept(token))).toBe('invitation_invalid');
    const list = await chief.sends('get', '/users').expect(200);
    expect(list.text).not.toContain(token);
    expect(list.text).not.toContain('argon2');
  });

  it('takes no address twice in one organisation, in whatever letters', async () => {
    const { email } = await invite(chief);
    const again = wish({ email: email.toUpperCase() });
    const twice = await chief.sends('post', '/users').send(again);
    expect([twice.status, codeOf(twice)]).toEqual([409, 'email_taken']);
    await admin.sends('post', '/users').send(again).expect(201);
  });

  it.each([
    ['an address that is none', { email: 'ada' }],
    ['two addresses', { email: 'ada@example.org,eve@example.org' }],
    ['an address with a line break', { email: 'ada@example.org\nbcc: eve@example.org' }],
    ['the role of feeds', { role: 'feed' }],
    ['a role nobody knows', { role: 'root' }],
    ['a name of control characters', { name: 'Ada\u202e' }],
  ])('refuses %s', async (_, more) => {
    await chief.sends('post', '/users').send(wish(more)).expect(400);
  });

  it('answers 404 for an organisation that is not there', async () => {
    await admin
      .sends('post', '/users')
      .send(wish({ organisation: 'nobody' }))
      .expect(404);
  });
});

describe('nobody creates or changes a user stronger than themselves', () => {
  it.each([
    ['an admin', { role: 'admin' }],
    ['a user of others', { organisation: 'owner' }],
    ['a user with RED clearance, by a key that has none', { red_clearance: true }],
  ])('invites %s', async (_, more) => {
    const refused = await chief.sends('post', '/users').send(wish(more));
    expect([refused.status, codeOf(refused)]).toEqual([403, 'role_not_allowed']);
  });

  it('grants RED clearance without having it, or to themselves', async () => {
    const boss = await aPerson(tocsin, chief, { role: 'org_admin' });
    const cleared = await aPerson(tocsin, chief, { role: 'org_admin', redClearance: true });
    const user = await invite(chief);
    const give = (by: Actor, id: string) =>
      by.sends('patch', `/users/${id}`).send({ red_clearance: true });
    const blind = await boss.signsIn();
    await give(blind, user.id).expect(403);
    await give(blind, boss.id).expect(403);
    await give(chief, user.id).expect(403);
    await give(await cleared.signsIn(), user.id).expect(200);
    await give(admin, boss.id).expect(200);
  });

  it('opens the account of a user who sees more, or removes its second factor', async () => {
    const cleared = await aPerson(tocsin, chief, { redClearance: true });
    for (const path of ['invitation', 'reset-second-factor']) {
      const refused = await chief.sends('post', `/users/${cleared.id}/${path}`);
      expect([refused.status, codeOf(refused)]).toEqual([403, 'role_not_allowed']);
    }
    // Lowering somebody's role, and locking them out, is always allowed.
    const less = { red_clearance: false };
    await chief.sends('patch', `/users/${cleared.id}`).send({ status: 'disabled' }).expect(200);
    await chief.sends('patch', `/users/${cleared.id}`).send({ status: 'active' }).expect(403);
    await chief.sends('patch', `/users/${cleared.id}`).send(less).expect(200);
    await chief.sends('patch', `/users/${cleared.id}`).send({ status: 'active' }).expect(200);
  });

  it('sees or touches the users of others, nor an admin of its own organisation', async () => {
    const stranger = await anActor(tocsin);
    const users = [
      await invite(chief),
      await invite(admin, { organisation: stranger.slug, role: 'admin' }),
    ];
    for (const { id } of [...users, { id: randomUUID() }]) {
      await stranger.sends('get', `/users/${id}`).expect(404);
      await stranger.sends('patch', `/users/${id}`).send({ name: 'Eve' }).expect(404);
      await stranger.sends('post', `/users/${id}/invitation`).expect(404);
      await stranger.sends('post', `/users/${id}/reset-second-factor`).expect(404);
    }
    const { body } = await stranger.sends('get', '/users').expect(200);
    expect(body).toEqual({ users: [], next: null });
  });

  it('gives themselves a stronger role', async () => {
    const person = await aPerson(tocsin, chief, { role: 'org_admin' });
    const actor = await person.signsIn();
    const refused = await actor.sends('patch', `/users/${person.id}`).send({ role: 'admin' });
    expect([refused.status, codeOf(refused)]).toEqual([403, 'role_not_allowed']);
  });
});

describe('a link', () => {
  it('created again ends the previous one, and sets another password for a user who lost theirs', async () => {
    const person = await aPerson(tocsin, chief);
    const open = await person.signsIn();
    const first = (await chief.sends('post', `/users/${person.id}/invitation`).expect(201)).body;
    const second = (await chief.sends('post', `/users/${person.id}/invitation`).expect(201)).body;
    await accept((first as Invited).invitation.token).expect(400);
    await open.sends('get', '/me').expect(401);
    await accept((second as Invited).invitation.token, 'another long password').expect(200);
    await person.triesToSignIn().expect(401);
    await person.triesToSignIn({ password: 'another long password' }).expect(201);
  });

  it('ends after a week, and when its user is disabled', async () => {
    const [old, disabled] = [await invite(chief), await invite(chief)];
    await chief.sends('patch', `/users/${disabled.id}`).send({ status: 'disabled' }).expect(200);
    await accept(disabled.invitation.token).expect(400);
    const again = await chief.sends('post', `/users/${disabled.id}/invitation`);
    expect([again.status, codeOf(again)]).toEqual([400, 'invalid_request']);
    tocsin.clock.advance(7 * 24 * 3_600_000 + 1000);
    expect(codeOf(await accept(old.invitation.token))).toBe('invitation_invalid');
  });

  it.each([
    ['eleven characters', 'x'.repeat(11), 400],
    ['twelve', 'kx9#qL2mVb7!', 200],
    ['twelve that look like more bytes', '😀🐝🍋🚲🎈🧭🌵🦉🍄🛶🧵🎻', 200],
    ['256', 'kx9#qL2mVb7!'.repeat(22).slice(0, 256), 200],
    ['257', 'x'.repeat(257), 400],
    ['blanks, quotes and a line break', ' "\'\\\n\t; drop', 200],
  ])('takes a password of %s or not', async (_, password, status) => {
    const { invitation } = await invite(chief);
    await accept(invitation.token, password).expect(status);
  });
});

describe('PATCH /users/{id}', () => {
  it('makes nobody active who has not come in', async () => {
    const { id } = await invite(chief);
    await chief.sends('patch', `/users/${id}`).send({ status: 'active' }).expect(400);
  });

  it('is in the audit with what was changed', async () => {
    const { id } = await invite(chief);
    await chief.sends('patch', `/users/${id}`).send({ role: 'publisher', name: 'Bea' }).expect(200);
    const told = await tocsin.sql(
      `select actor, detail from audit where action = 'user.change' and detail->>'user' = $1`,
      [id],
    );
    expect(told).toEqual([
      {
        actor: `key ${chief.key.split('_')[1]}`,
        detail: { user: id, role: 'publisher', changed: ['name', 'role'] },
      },
    ]);
  });
});

describe('the last who can administrate the server', () => {
  it('may be a user, whom then nobody disables or makes less', async () => {
    const own = await startTocsin();
    try {
      const now = own.clock.now();
      const org = await anActor(own);
      const { id } = await aPerson(own, org, { role: 'admin' });
      const by = operator('test');
      const keys = await own.sql<{ id: string }>(
        `select id from api_key where role = 'admin' and revoked_at is null`,
      );
      for (const key of keys) await revokeKey(own.db, by, key.id, now);
      for (const change of [{ status: 'disabled' }, { role: 'publisher' }] as const) {
        await expect(changeUser(own.db, by, id, change, now)).rejects.toMatchObject({
          code: 'last_admin',
        });
      }
      const other = await aPerson(own, org, { role: 'admin' });
      await changeUser(own.db, by, id, { status: 'disabled' }, now);
      await expect(
        changeUser(own.db, by, other.id, { status: 'disabled' }, now),
      ).rejects.toMatchObject({ code: 'last_admin' });
    } finally {
      await own.close();
    }
  });
});
