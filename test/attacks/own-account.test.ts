/** What a stolen access token, or a weak account, could gain; the class stands in the name. */
import { TOTP } from 'otpauth';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../../src/access/administer.ts';
import { changeUser, inviteUser } from '../../src/access/user-acts.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { follow } from '../support/follow.ts';
import { aPerson, anEmail, type Person } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

const codeOf = ({ body }: { body: unknown }) => (body as { code?: string }).code;

/** Installs a second factor in a session; returns the answer to its confirmation. */
async function installs(actor: Actor, { password }: Person) {
  const { body } = await actor.sends('post', '/me/second-factor').send({ password }).expect(201);
  const totp = new TOTP({ secret: (body as { secret: string }).secret });
  const code = totp.generate({ timestamp: tocsin.clock.now().getTime() });
  return actor.sends('post', '/me/second-factor/confirm').send({ code }).expect(200);
}

describe('an access token alone', () => {
  it('installs no second factor', async () => {
    const person = await aPerson(tocsin, chief);
    const stolen = await person.signsIn();
    for (const body of [undefined, {}, { password: 'a wrong password' }]) {
      const refused = await stolen.sends('post', '/me/second-factor').send(body);
      expect(refused.status).toBe(401);
      expect(['reauthentication_needed', 'sign_in_failed']).toContain(codeOf(refused));
    }
    const [row] = await tocsin.sql('select totp_secret from user_account where id = $1', [
      person.id,
    ]);
    expect(row).toEqual({ totp_secret: null });
  });

  it('neither removes the identity or the second factor, nor changes the password', async () => {
    const person = await (await aPerson(tocsin, chief)).withSecondFactor();
    const stolen = await person.signsIn();
    const tries = [
      stolen.sends('post', '/me/identity/remove').send({}),
      stolen.sends('post', '/me/second-factor/remove').send({ code: '000000' }),
      stolen.sends('post', '/me/password').send({ current: 'no', next: 'another curious otter' }),
    ];
    for (const tried of tries) expect((await tried).status).toBe(401);
    await person.triesToSignIn().expect(201);
  });

  it('has ten tries at the password', async () => {
    const person = await aPerson(tocsin, chief);
    const stolen = await person.signsIn();
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const tried = stolen.sends('post', '/me/second-factor').send({ password: `wrong ${i}` });
      statuses.push((await tried).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('a change of what opens an account ends the other sessions', () => {
  it('when a second factor is installed or removed', async () => {
    const person = await aPerson(tocsin, chief);
    const [mine, other] = [await person.signsIn(), await person.signsIn()];
    const { body } = await installs(mine, person);
    await mine.sends('get', '/me').expect(200);
    await other.sends('get', '/me').expect(401);
    const [first = '', second = ''] = (body as { recovery_codes: string[] }).recovery_codes;
    const third = await person.signsIn({ code: first });
    await mine.sends('post', '/me/second-factor/remove').send({ code: second }).expect(204);
    await mine.sends('get', '/me').expect(200);
    await third.sends('get', '/me').expect(401);
  });
});

/** A user who has a password only, whatever the role. */
async function withPasswordOnly(change: object): Promise<Person> {
  const person = await aPerson(tocsin, chief);
  await changeUser(tocsin.db, operator('test'), person.id, change, tocsin.clock.now());
  return person;
}

describe('without a second factor, a user with rights over others may only install one', () => {
  it.each([
    ['an admin', { role: 'admin' }],
    ['an org_admin', { role: 'org_admin' }],
    ['an analyst with RED clearance', { redClearance: true }],
  ])('%s', async (_, change) => {
    const person = await withPasswordOnly(change);
    const { session, access_token: token } = await person.tokens();
    const actor = person.with(token);
    const me = await actor.sends('get', '/me').expect(200);
    expect(me.body).toMatchObject({ user: { second_factor_required: true } });
    await actor.sends('get', '/sessions').expect(200);
    for (const path of ['/changes', '/stream', '/organisations', '/communities', '/realms']) {
      const refused = await actor.sends('get', path);
      expect([path, refused.status, codeOf(refused)]).toEqual([
        path,
        403,
        'second_factor_required',
      ]);
    }
    for (const path of ['/keys', '/bundles', '/users']) {
      expect(codeOf(await actor.sends('post', path).send({}))).toBe('second_factor_required');
    }
    await installs(actor, person);
    const after = await actor.sends('get', '/me').expect(200);
    expect(after.body).toMatchObject({ user: { session, second_factor_required: false } });
    await actor.sends('get', '/changes').expect(200);
  });

  it('but an analyst, and a key of whatever role, may do everything', async () => {
    await (await (await aPerson(tocsin, chief)).signsIn()).sends('get', '/changes').expect(200);
    await chief.sends('get', '/users').expect(200);
  });

  it('from the moment the role is given, in open streams too', async () => {
    const person = await aPerson(tocsin, chief);
    const events = await follow(tocsin, await person.signsIn());
    await chief.sends('patch', `/users/${person.id}`).send({ role: 'org_admin' }).expect(200);
    const seen = await events.until(({ event }) => event === 'problem');
    expect(seen.at(-1)?.data).toMatchObject({ code: 'second_factor_required' });
    await events.close();
  });

  it('and the audit names the user who was refused', async () => {
    const server = await tocsin.another(['http']);
    const person = await withPasswordOnly({ role: 'org_admin' });
    const { access_token: token } = await person.tokens();
    const asked = request(server.url).get('/api/v1/users').set('authorization', `Bearer ${token}`);
    await asked.expect(403);
    // Refusals are written at the latest when the server ends.
    await server.close();
    const written = await tocsin.sql(
      `select actor, o.slug from audit a join organisation o on o.id = a.organisation_id
       where action = 'request.refuse' and actor = $1 and detail->>'code' = 'second_factor_required'`,
      [`user ${person.id}`],
    );
    expect(written).toEqual([{ actor: `user ${person.id}`, slug: chief.slug }]);
  });

  it('unless the operator has switched it off', async () => {
    const server = await tocsin.another(['http'], { TOCSIN_SECOND_FACTOR_REQUIRED: 'false' });
    const person = await withPasswordOnly({ role: 'org_admin' });
    const { access_token: token } = await person.tokens();
    const asked = request(server.url).get('/api/v1/users').set('authorization', `Bearer ${token}`);
    await asked.expect(200);
    await server.close();
  });
});

describe('a password that is easy to guess is refused', () => {
  const weak: [string, (words: { slug: string; local: string }) => string][] = [
    ['a common one', () => 'passwordpassword'],
    ['one derived from a common one', () => 'P@ssw0rd12345'],
    ['a walk over the keyboard', () => 'qwertyuiop123'],
    ['a season with a year', () => 'Summer2026!!'],
    ['the product', () => 'my-Tocsin-otter-93'],
    ['the slug of the organisation', ({ slug }) => `X9 ${slug.toUpperCase()} kangaroo`],
    ['the own address', ({ local }) => `${local} on a bridge`],
    ['the own name', () => 'florentina on a bridge'],
  ];
  it.each(weak)('%s', async (_, make) => {
    const address = anEmail();
    const by = operator('test');
    const facts = { name: 'Florentina Q', role: 'analyst', redClearance: false } as const;
    const wish = { organisation: chief.slug, email: address, ...facts };
    const { token } = await inviteUser(tocsin.db, by, wish, tocsin.clock.now());
    const local = address.split('@')[0] ?? '';
    const accept = (password: string) =>
      request(tocsin.url).post('/api/v1/invitations/accept').send({ token, password });
    const refused = await accept(make({ slug: chief.slug, local }));
    expect([refused.status, refused.body]).toMatchObject([
      400,
      { code: 'password_weak', path: 'body.password' },
    ]);
    await accept('another curious otter').expect(200);
  });

  it('when it is changed, too', async () => {
    const person = await aPerson(tocsin, chief);
    const actor = await person.signsIn();
    const change = { current: person.password, next: 'passwordpassword' };
    const refused = await actor.sends('post', '/me/password').send(change);
    expect([refused.status, refused.body]).toMatchObject([
      400,
      { code: 'password_weak', path: 'body.next' },
    ]);
  });
});
