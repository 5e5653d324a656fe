/** Holes that others have had in how people sign in; the class stands in the name. */
import request from 'supertest';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, marked } from '../support/builders.ts';
import { postFrom, type Answered } from '../support/from-address.ts';
import { createGroup } from '../support/groups.ts';
import { Browser, settingsFor, startIdentityProvider } from '../support/identity-provider.ts';
import { aPerson, anEmail, cookiesOf } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe('codes of the second factor cannot be guessed (CVE-2024-45404)', () => {
  it('someone with the password has ten tries, also when made at once', async () => {
    const person = await aPerson(tocsin, chief);
    const actor = await person.signsIn();
    const { body } = await actor
      .sends('post', '/me/second-factor')
      .send({ password: person.password })
      .expect(201);
    const { secret } = body as { secret: string };
    const timestamp = tocsin.clock.now().getTime();
    const code = new TOTP({ secret }).generate({ timestamp });
    await actor.sends('post', '/me/second-factor/confirm').send({ code }).expect(200);
    const wrong = Array.from({ length: 30 }, (_, i) => String(i).padStart(6, '0'));
    const tries = await Promise.all(
      wrong.filter((one) => one !== code).map((one) => person.triesToSignIn({ code: one })),
    );
    const statuses = tries.map(({ status }) => status);
    expect(statuses).not.toContain(201);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    expect(statuses).toContain(429);
  });
});

/** Tries to sign in with invented addresses, one after the other from each network, until stopped. */
function flood(url: string, networks: readonly string[]) {
  const answers: Answered[] = [];
  let stopped = false;
  const attacker = async (address: string): Promise<void> => {
    while (!stopped) {
      const body = { email: anEmail(), password: 'an invented password' };
      answers.push(await postFrom(address, `${url}/api/v1/sessions`, body));
    }
  };
  const all = Promise.all(networks.map((address) => attacker(address)));
  return {
    answers,
    stop: async () => {
      stopped = true;
      await all;
    },
  };
}

const networksOf = (count: number) => Array.from({ length: count }, (_, i) => `127.1.${i}.1`);

describe('a flood of tries with invented addresses keeps no user out', () => {
  const floods: [string, string[]][] = [
    ['120 networks', networksOf(120)],
    ['one network, over 120 connections', Array.from({ length: 120 }, () => '127.2.0.1')],
  ];
  it.each(floods)('from %s', async (_, networks) => {
    const [person, other] = [await aPerson(tocsin, chief), await aPerson(tocsin, chief)];
    const url = `${tocsin.url}/api/v1/sessions`;
    const before = await person.triesToSignIn({ refresh_token_in: 'cookie' }).expect(201);
    const { answers, stop } = flood(tocsin.url, networks);
    // By then all are connected, and the queue is as full as it gets.
    await expect.poll(() => answers.length, { timeout: 60_000 }).toBeGreaterThan(30);
    const device = { cookie: cookiesOf(before) };
    const { email, password } = person;
    const known = await postFrom(networks[0] ?? '', url, { email, password }, device);
    const elsewhere = { email: other.email, password: other.password };
    const unknown = await postFrom('127.200.0.1', url, elsewhere);
    await stop();
    expect([known.status, unknown.status]).toEqual([201, 201]);
    const busy = answers.filter(({ status }) => status !== 401);
    for (const { status, body, retryAfter } of busy) {
      expect([429, 503]).toContain(status);
      expect(['too_many_attempts', 'sign_in_busy']).toContain(body.code);
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
  });
});

describe('one network cannot try many accounts', () => {
  /** Each is answered 401 until the limit of the network is reached, whatever is tried. */
  const ways: [string, string, (n: number) => object][] = [
    ['passwords', '/sessions', () => ({ email: anEmail(), password: 'an invented password' })],
    [
      'invitations',
      '/invitations/accept',
      (n) => ({ token: `x${n}`, password: 'an invented password' }),
    ],
    ['refresh tokens', '/sessions/refresh', (n) => ({ refresh_token: `x${n}` })],
    ['codes after single sign-on', '/sso/second-factor', () => ({ code: '123456' })],
  ];
  it.each(ways)('%s', async (_, path, body) => {
    const provider = await startIdentityProvider('https://tocsin.example');
    try {
      const settings = await settingsFor(provider, 'https://tocsin.example');
      const server = await tocsin.another(['http'], { ...settings, TOCSIN_SIGN_IN_TRIES: '10' });
      const tries = Array.from({ length: 40 }, (_each, n) =>
        postFrom('127.3.0.1', `${server.url}/api/v1${path}`, body(n)),
      );
      const answers = await Promise.all(tries);
      const late = answers.filter(({ status }) => status === 429);
      expect(late).toHaveLength(30);
      for (const { body: problem } of late) expect(problem.code).toBe('too_many_attempts');
      const elsewhere = await postFrom('127.4.0.1', `${server.url}/api/v1${path}`, body(0));
      expect(elsewhere.status).not.toBe(429);
      await server.close();
    } finally {
      await provider.close();
    }
  });

  it('and what is limited costs no hash and no statement', async () => {
    const server = await tocsin.another(['http'], { TOCSIN_SIGN_IN_TRIES: '3' });
    const rows = async () => (await tocsin.sql('select 1 from sign_in_tries')).length;
    const before = await rows();
    const tries = Array.from({ length: 30 }, () =>
      postFrom('127.5.0.1', `${server.url}/api/v1/sessions`, { email: anEmail(), password: 'no' }),
    );
    await Promise.all(tries);
    expect((await rows()) - before).toBe(3);
    await server.close();
  });
});

describe('an org_admin is not over who is more (CVE-2026-44380, CVE-2026-44730, CVE-2024-46918)', () => {
  it('neither opens the account of an admin nor makes one, nor gives clearance', async () => {
    const admin = await aPerson(tocsin, chief, { role: 'admin' });
    for (const act of ['invitation', 'reset-second-factor']) {
      const { status } = await chief.sends('post', `/users/${admin.id}/${act}`).send({});
      expect([403, 404]).toContain(status);
    }
    const more = { name: 'Ada', role: 'analyst' };
    for (const wish of [{ role: 'admin' }, { red_clearance: true }]) {
      const asked = { ...more, email: anEmail(), ...wish };
      const { status } = await chief.sends('post', '/users').send(asked);
      expect([400, 403]).toContain(status);
    }
  });

  it("reads nothing of another member's users", async () => {
    const other = await anActor(tocsin);
    const person = await aPerson(tocsin, other);
    await chief.sends('get', `/users/${person.id}`).expect(404);
    expect((await chief.sends('get', '/users')).text).not.toContain(person.email);
  });
});

describe('nobody is another (CVE-2026-27960)', () => {
  it('by a token that nobody signed', async () => {
    const person = await aPerson(tocsin, chief);
    const { access_token: token } = await person.tokens();
    const [, claims = ''] = token.split('.');
    const head = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    const forged = person.with(`${head}.${claims}.`);
    const { status, body } = await forged.sends('get', '/me');
    expect([status, body]).toMatchObject([401, { code: 'token_invalid' }]);
  });

  it('by an address that the identity provider has not verified', async () => {
    const publicUrl = 'https://tocsin.example';
    const provider = await startIdentityProvider(publicUrl);
    try {
      const server = await tocsin.another(['http'], await settingsFor(provider, publicUrl));
      const { email } = await aPerson(tocsin, chief);
      const name = email.split('@')[0] ?? '';
      provider.people.set(name, { email, email_verified: false, name: 'Ada' });
      const trip = await new Browser().goesThereAndBack(server.url, '', name);
      expect(trip.response.status).toBeGreaterThanOrEqual(400);
      expect(trip.response.headers.get('set-cookie') ?? '').not.toContain('refresh');
    } finally {
      await provider.close();
    }
  });
});

describe('no other site acts for a signed-in user (CVE-2026-44364, CVE-2024-25675)', () => {
  it('by the cookie', async () => {
    const person = await aPerson(tocsin, chief);
    const cookie = cookiesOf(await person.triesToSignIn({ refresh_token_in: 'cookie' }));
    for (const path of ['/sessions/refresh', '/sessions/sign-out']) {
      const asked = request(tocsin.url).post(`/api/v1${path}`);
      const { status } = await asked.set({ cookie, origin: 'https://evil.example' });
      expect(status).toBe(403);
    }
    await request(tocsin.url).get('/api/v1/me').set({ cookie }).expect(401);
  });

  it('by a GET, which changes nothing', async () => {
    const object = indicator();
    await chief.shares(object);
    for (const act of ['revoke', 'purge']) {
      await chief.sends('get', `/objects/${object.id}/${act}`).expect(405);
    }
    expect((await chief.finds(object.id)).body).not.toHaveProperty('revoked', true);
  });
});

it('no secret goes by the address, where logs keep it (CVE-2026-114505)', async () => {
  const { access_token: token } = await (await aPerson(tocsin, chief)).tokens();
  for (const query of [`x=${chief.key}`, `access_token=${token}`]) {
    const { status, body } = await chief.sends('get', `/me?${query}`);
    expect([status, body]).toMatchObject([400, { code: 'key_in_url' }]);
  }
});

describe('a second way in checks as the first does (CVE-2026-95683, CVE-2026-112178)', () => {
  it('no member of a group sees anything in it above its level', async () => {
    const low = await anActor(tocsin, { ceiling: 'green' });
    const group = await createGroup(chief, { members: [low.slug] });
    const object = marked('amber');
    await chief.shares(object, { audience: group });
    await low.finds(object.id).expect(404);
    await low.sends('get', `/objects/${object.id}/history`).expect(404);
    expect(await low.sees()).not.toContain(object.id);
  });

  it('what is said again under another id tells nothing of a hidden one', async () => {
    const pattern = `[domain-name:value = '${slug('host')}.example.com']`;
    const [hidden, again] = [indicator({ pattern }), indicator({ pattern })];
    await chief.shares(hidden, { audience: chief.slug });
    const other = await anActor(tocsin);
    const { text } = await other.posts(again, { audience: other.slug });
    expect(text).not.toContain(hidden.id);
    expect(text).not.toContain('duplicate_of');
  });
});
