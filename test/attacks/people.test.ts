/** Rights that an administrator, or a user, could gain over others; the class stands in the name. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../../src/access/administer.ts';
import { vouchFor } from '../../src/access/user-resets.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { aPerson, anEmail, Person } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
/** An org_admin's key of an organisation, and an admin's of another. */
let chief: Actor;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

const codeOf = ({ body }: { body: unknown }) => (body as { code?: string }).code;

/** Signs in, with the second factor of a user who has one. */
const signedIn = (person: Person): Promise<Actor> => person.signsIn();

/** An agreement with a partner, which takes two approvals; returns the path of these. */
async function proposed(): Promise<string> {
  const partner = slug('partner');
  const facts = { slug: partner, name: partner, kind: 'industry', communities: ['alliance'] };
  const wish = { ...facts, ceiling: 'green', default_tlp: 'green' };
  await admin.sends('post', '/organisations').send(wish).expect(201);
  const { body } = await admin.sends('get', `/agreements?organisation=${partner}`).expect(200);
  const { agreements } = body as { agreements: { id: number }[] };
  return `/agreements/${agreements[0]?.id}/approvals`;
}

describe('two approvals are of two people', () => {
  /** Each makes a second administrator of an account that the first one controls. */
  const puppets: [string, (first: Actor) => Promise<Actor>][] = [
    [
      'promotes an account',
      async (first) => {
        const own = await aPerson(tocsin, admin);
        await first.sends('patch', `/users/${own.id}`).send({ role: 'admin' }).expect(200);
        return signedIn(await own.withSecondFactor());
      },
    ],
    [
      'promotes an account in two steps',
      async (first) => {
        const own = await aPerson(tocsin, admin);
        await first.sends('patch', `/users/${own.id}`).send({ role: 'org_admin' }).expect(200);
        const other = await signedIn(await aPerson(tocsin, admin, { role: 'admin' }));
        await other.sends('patch', `/users/${own.id}`).send({ role: 'admin' }).expect(200);
        return signedIn(await own.withSecondFactor());
      },
    ],
    [
      'enables a disabled administrator again',
      async (first) => {
        const old = await aPerson(tocsin, admin, { role: 'admin' });
        for (const status of ['disabled', 'active']) {
          await first.sends('patch', `/users/${old.id}`).send({ status }).expect(200);
        }
        return signedIn(old);
      },
    ],
    [
      'resets the password of an administrator',
      async (first) => {
        const victim = await aPerson(tocsin, admin, { role: 'admin' });
        const { body } = await first.sends('post', `/users/${victim.id}/invitation`).expect(201);
        const { token } = (body as { invitation: { token: string } }).invitation;
        const password = 'a stolen account of theirs';
        const accept = request(tocsin.url).post('/api/v1/invitations/accept');
        await accept.send({ token, password }).expect(200);
        return victim.signsIn({ password });
      },
    ],
    [
      'promotes an account that then makes a key',
      async (first) => {
        const own = await aPerson(tocsin, admin);
        await first.sends('patch', `/users/${own.id}`).send({ role: 'admin' }).expect(200);
        const puppet = await signedIn(await own.withSecondFactor());
        const { body } = await puppet.sends('post', '/keys').send({ role: 'admin' }).expect(201);
        return own.with((body as { key: string }).key);
      },
    ],
  ];
  it.each(puppets)('not of one who %s', async (_, make) => {
    const root = await aPerson(tocsin, admin, { role: 'admin' });
    const path = await proposed();
    const first = await signedIn(root);
    await first.sends('post', path).expect(200);
    const second = await make(first);
    const refused = await second.sends('post', path);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'approval_not_needed']);
  });

  it('but of an account that the operator vouches for', async () => {
    const [root, own] = [
      await aPerson(tocsin, admin, { role: 'admin' }),
      await aPerson(tocsin, admin),
    ];
    const path = await proposed();
    const first = await signedIn(root);
    await first.sends('patch', `/users/${own.id}`).send({ role: 'admin' }).expect(200);
    await first.sends('post', path).expect(200);
    const second = await signedIn(await own.withSecondFactor());
    await second.sends('post', path).expect(409);
    await vouchFor(tocsin.db, operator('test'), own.id);
    const { body } = await second.sends('post', path).expect(200);
    expect((body as { approvals: unknown[] }).approvals).toHaveLength(2);
  });
});

describe('a reset is seen, and takes two people to open an account', () => {
  const notices = async (actor: Actor, user: string) => {
    const { body } = await actor.sends('get', '/notices').expect(200);
    const { accounts } = body as { accounts: { type: string; user: string; by: string }[] };
    return accounts.filter((one) => one.user === user).map(({ type, by }) => ({ type, by }));
  };

  it('of a password: sessions end; user, organisation and audit show it', async () => {
    const person = await aPerson(tocsin, chief);
    const session = await person.signsIn();
    await admin.sends('post', `/users/${person.id}/invitation`).expect(201);
    await session.sends('get', '/me').expect(401);
    const by = `key ${admin.key.split('_')[1]}`;
    expect(await notices(chief, person.id)).toEqual([{ type: 'account.password_reset', by }]);
    const { body } = await person.triesToSignIn().expect(201);
    expect(body).toMatchObject({ notices: [{ type: 'account.password_reset', by }] });
    const audit = await tocsin.sql<{ slug: string }>(
      `select o.slug from audit a join organisation o on o.id = a.organisation_id
        where a.action = 'user.reset_password' and a.actor = $1 and a.detail->>'user' = $2`,
      [by, person.id],
    );
    expect(audit.map((row) => row.slug).toSorted()).toEqual([admin.slug, chief.slug].toSorted());
  });

  it('of a link for somebody who has not come in is none', async () => {
    const wish = { email: anEmail(), name: 'Ada', role: 'analyst' };
    const { body } = await chief.sends('post', '/users').send(wish).expect(201);
    const { id } = body as { id: string };
    await chief.sends('post', `/users/${id}/invitation`).expect(201);
    expect(await notices(chief, id)).toEqual([]);
  });

  it.each([
    ['invitation', 'reset-second-factor'],
    ['reset-second-factor', 'invitation'],
  ])('%s, then %s, by one hand is refused', async (half, other) => {
    const person = await (await aPerson(tocsin, chief)).withSecondFactor();
    const ask = (who: Actor, what: string) => who.sends('post', `/users/${person.id}/${what}`);
    const heir = await chief.sends('post', '/keys').send({ role: 'org_admin' }).expect(201);
    const child = person.with((heir.body as { key: string }).key);
    expect((await ask(chief, half)).status).toBeLessThan(300);
    for (const who of [chief, child]) {
      const refused = await ask(who, other);
      expect([refused.status, codeOf(refused)]).toEqual([403, 'second_person_needed']);
    }
    expect((await ask(admin, other)).status).toBeLessThan(300);
  });

  it('is open to the same administrator again once the user has signed in', async () => {
    const person = await (await aPerson(tocsin, chief)).withSecondFactor();
    await chief.sends('post', `/users/${person.id}/invitation`).expect(201);
    tocsin.clock.advance(1000);
    await person.triesToSignIn().expect(201);
    await chief.sends('post', `/users/${person.id}/reset-second-factor`).expect(204);
  });

  it("does not tell an organisation of another's accounts", async () => {
    const person = await aPerson(tocsin, chief);
    await chief.sends('post', `/users/${person.id}/invitation`).expect(201);
    const stranger = await anActor(tocsin);
    expect(await notices(stranger, person.id)).toEqual([]);
  });
});

describe('a user who is disabled leaves nothing behind', () => {
  it('neither keys, nor what those made, nor invitations; keys of others stay', async () => {
    const person = await aPerson(tocsin, chief, { role: 'org_admin' });
    const session = await person.signsIn();
    const keyOf = async (by: Actor): Promise<Actor> => {
      const { body } = await by.sends('post', '/keys').send({ role: 'org_admin' }).expect(201);
      return person.with((body as { key: string }).key);
    };
    const key = await keyOf(session);
    const child = await keyOf(key);
    const other = await keyOf(chief);
    const tokens: string[] = [];
    for (const by of [session, child, other]) {
      const wish = { email: anEmail(), name: 'Ada', role: 'analyst' };
      const { body } = await by.sends('post', '/users').send(wish).expect(201);
      tokens.push((body as { invitation: { token: string } }).invitation.token);
    }
    await chief.sends('patch', `/users/${person.id}`).send({ status: 'disabled' }).expect(200);
    const codes = await Promise.all(
      [session, key, child].map(async (by) => codeOf(await by.sends('get', '/me'))),
    );
    expect(codes).toEqual(['session_ended', 'key_revoked', 'key_revoked']);
    await other.sends('get', '/me').expect(200);
    const statuses: number[] = [];
    for (const token of tokens) {
      const accept = request(tocsin.url).post('/api/v1/invitations/accept');
      const { status } = await accept.send({ token, password: 'another curious otter' });
      statuses.push(status);
    }
    expect(statuses).toEqual([400, 400, 200]);
    const [row] = await tocsin.sql<{ ended: { sessions: number; keys: string[] } }>(
      `select detail->'ended' as ended from audit
        where action = 'user.change' and detail->>'user' = $1 and detail ? 'ended'`,
      [person.id],
    );
    expect(row?.ended).toMatchObject({ sessions: 1, invitations: 2 });
    expect(row?.ended.keys).toHaveLength(2);
  });
});

it('a user whose role is lowered keeps no key that may do more', async () => {
  const person = await aPerson(tocsin, chief, { role: 'org_admin' });
  const session = await person.signsIn();
  const keys: Actor[] = [];
  for (const role of ['org_admin', 'publisher', 'analyst']) {
    const { body } = await session.sends('post', '/keys').send({ role }).expect(201);
    keys.push(person.with((body as { key: string }).key));
  }
  await chief.sends('patch', `/users/${person.id}`).send({ role: 'publisher' }).expect(200);
  const codes = await Promise.all(keys.map(async (key) => (await key.sends('get', '/me')).status));
  expect(codes).toEqual([401, 200, 200]);
});

it('the audit names the user who purges an object when signed in, and their address', async () => {
  const root = await aPerson(tocsin, admin, { role: 'admin' });
  const session = await root.signsIn();
  const object = indicator();
  await chief.shares(object);
  const reason = 'A person is named in it';
  await session.sends('post', `/objects/${object.id}/purge`).send({ reason }).expect(200);
  const rows = await tocsin.sql<{ actor: string; address: string }>(
    `select actor, address from audit where action = 'object.purge' and detail->>'object' = $1`,
    [object.id],
  );
  // One for the organisation that acted, one for that which shared it.
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row).toEqual({ actor: `user ${root.id}`, address: '127.0.0.1' });
});

it('the last admin key does not go with its maker', async () => {
  const root = await aPerson(tocsin, admin, { role: 'admin' });
  const session = await root.signsIn();
  const { body } = await session.sends('post', '/keys').send({ role: 'admin' }).expect(201);
  const { id, key } = body as { id: string; key: string };
  await tocsin.sql(`update api_key set revoked_at = now() where role = 'admin' and id <> $1`, [id]);
  await tocsin.sql(
    `update user_account set status = 'disabled' where role = 'admin' and id <> $1`,
    [root.id],
  );
  const last = root.with(key);
  const refused = await last.sends('patch', `/users/${root.id}`).send({ status: 'disabled' });
  expect([refused.status, codeOf(refused)]).toEqual([409, 'last_admin']);
  await last.sends('get', '/me').expect(200);
});
