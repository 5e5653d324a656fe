import { TOTP } from 'otpauth';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../src/commands/serve/serve.ts';
import { operator } from '../../src/access/administer.ts';
import { inviteUser } from '../../src/access/user-acts.ts';
import { anActor, type Actor } from '../support/actors.ts';
import {
  Browser,
  settingsFor,
  startIdentityProvider,
  type IdentityProvider,
  type Trip,
} from '../support/identity-provider.ts';
import { aPerson, anEmail, type Tokens } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** Where members reach the server: the browser is sent back here, and the test continues itself. */
const PUBLIC_URL = 'https://tocsin.example';

let tocsin: Tocsin;
let provider: IdentityProvider;
let server: RunningServer;
let settings: Record<string, string>;
let org: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  org = await anActor(tocsin);
  provider = await startIdentityProvider(PUBLIC_URL);
  settings = await settingsFor(provider, PUBLIC_URL);
  server = await tocsin.another(['http'], settings);
});
afterAll(async () => {
  await provider.close();
  await tocsin.close();
});

/** There and back: what the server says in the end. */
function signsIn(
  person: string,
  { query = '', at = server, browser = new Browser() } = {},
): Promise<Trip> {
  return browser.goesThereAndBack(at.url, query, person);
}

async function codeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { code?: string }).code;
}

/** Who the session is that a browser has been given the cookie of. */
async function whoIs({ browser, response }: Trip, at = server): Promise<unknown> {
  expect(response.status).toBe(303);
  const isNew = response.headers.get('location') === '/#/confirm-identity';
  if (isNew) expect((await browser.confirms(at.url)).status).toBe(200);
  else expect(response.headers.get('location')).toBe('/');
  const refreshed = await request(at.url)
    .post('/api/v1/sessions/refresh')
    .set({ cookie: browser.cookies(at.url), origin: PUBLIC_URL })
    .expect(200);
  const { access_token: token } = refreshed.body as Tokens;
  const me = await request(at.url).get('/api/v1/me').set('authorization', `Bearer ${token}`);
  return (me.body as { user: unknown }).user;
}

/** An account at the provider. */
function somebody(claims: object = {}): string {
  const email = anEmail();
  const name = email.split('@')[0] ?? '';
  provider.people.set(name, { email, email_verified: true, name: 'Ada', ...claims });
  return name;
}

function emailOf(person: string): string {
  return String(provider.people.get(person)?.['email']);
}

async function invited(email: string): Promise<{ id: string; token: string }> {
  const wish = { organisation: org.slug, email, name: 'Ada', redClearance: false };
  const by = operator('test');
  const now = tocsin.clock.now();
  const { user, token } = await inviteUser(tocsin.db, by, { ...wish, role: 'publisher' }, now);
  return { id: user.id, token };
}

describe('single sign-on', () => {
  it('signs in an invited user by the verified address, and recognises them by their subject then', async () => {
    const person = somebody();
    const { id } = await invited(emailOf(person).toUpperCase());
    expect(await whoIs(await signsIn(person))).toMatchObject({ id, role: 'publisher' });
    provider.people.set(person, { email: anEmail(), email_verified: false });
    expect(await whoIs(await signsIn(person))).toMatchObject({ id });
    const linked = `select detail->>'subject' as subject from audit
      where action = 'user.link_identity' and actor = $1`;
    const told = await tocsin.sql(linked, [`user ${id}`]);
    expect(told).toEqual([{ subject: person }]);
  });

  it('signs in a user who follows a link with the invited address, once', async () => {
    const person = somebody();
    const { id, token } = await invited(emailOf(person));
    const query = `?invitation=${token}`;
    expect(await whoIs(await signsIn(person, { query }))).toMatchObject({ id });
    const { response } = await signsIn(somebody(), { query });
    expect([response.status, await codeOf(response)]).toEqual([403, 'single_sign_on_unknown']);
  });

  const strangers: [string, () => Promise<string>][] = [
    ['nobody here', async () => somebody()],
    [
      'of an invited address that was not verified',
      async () => {
        const person = somebody({ email_verified: false });
        await invited(emailOf(person));
        return person;
      },
    ],
    [
      'of the address of a user who has come in by password',
      async () => {
        const person = somebody();
        await aPerson(tocsin, org, { email: emailOf(person) });
        return person;
      },
    ],
    [
      'bound to a user who was disabled',
      async () => {
        const person = somebody();
        const { id } = await invited(emailOf(person));
        await whoIs(await signsIn(person));
        await org.sends('patch', `/users/${id}`).send({ status: 'disabled' }).expect(200);
        return person;
      },
    ],
  ];
  it.each(strangers)('brings in no one who is %s', async (_, make) => {
    const { response, browser } = await signsIn(await make());
    expect([response.status, await codeOf(response)]).toEqual([403, 'single_sign_on_unknown']);
    expect(browser.cookies(server.url)).not.toContain('refresh');
  });

  it('makes verified users analysts, where the setting names the organisation', async () => {
    const at = await tocsin.another(['http'], {
      ...settings,
      TOCSIN_OIDC_ORGANISATION: org.slug,
    });
    const person = somebody();
    const trip = await signsIn(person, { at });
    expect(await whoIs(trip, at)).toMatchObject({ role: 'analyst', email: emailOf(person) });
    const { response } = await signsIn(somebody({ email_verified: false }), { at });
    expect(response.status).toBe(403);
    await at.close();
  });

  it('takes the second factor too where the account has one', async () => {
    const person = somebody();
    await invited(emailOf(person));
    await whoIs(await signsIn(person));
    const secret = await withSecondFactor(person);
    const { browser, response } = await signsIn(person);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/#/second-factor']);
    const complete = (code: string, origin = PUBLIC_URL) =>
      request(server.url)
        .post('/api/v1/sso/second-factor')
        .set({ cookie: browser.cookies(server.url), origin })
        .send({ code });
    await complete('000000').expect(401);
    await complete(secret(), 'https://evil.example').expect(403);
    const done = await complete(secret()).expect(204);
    expect(String(done.headers['set-cookie'])).toContain('__Secure-tocsin-refresh=');
    await complete(secret()).expect(401);
  });
});

/** Enrols a person who is signed in; returns what shows the code of the moment. */
async function withSecondFactor(person: string): Promise<() => string> {
  const { browser } = await signsIn(person);
  const { body } = await request(server.url)
    .post('/api/v1/sessions/refresh')
    .set({ cookie: browser.cookies(server.url), origin: PUBLIC_URL });
  const actor = (path: string) =>
    request(server.url)
      .post(`/api/v1/me/second-factor${path}`)
      .set('authorization', `Bearer ${(body as Tokens).access_token}`);
  const enrolment = await actor('').send({}).expect(201);
  const { secret } = enrolment.body as { secret: string };
  const shown = () => new TOTP({ secret }).generate({ timestamp: tocsin.clock.now().getTime() });
  await actor('/confirm').send({ code: shown() }).expect(200);
  tocsin.clock.advance(90_000);
  return shown;
}

describe('the way there and back', () => {
  it('carries PKCE, state and nonce, in a cookie for this way alone', async () => {
    const response = await fetch(`${server.url}/api/v1/sso/start`, { redirect: 'manual' });
    const url = new URL(response.headers.get('location') ?? '');
    const query = Object.fromEntries(url.searchParams);
    expect(query).toMatchObject({ code_challenge_method: 'S256', response_type: 'code' });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(query[name]).toMatch(/^[\w-]{43}$/);
    }
    const cookie = response.headers.get('set-cookie') ?? '';
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/api/v1/sso', 'Max-Age=600']) {
      expect(cookie).toContain(`; ${part}`);
    }
    for (const name of ['state', 'nonce']) expect(cookie).not.toContain(query[name] ?? '');
  });

  const faults: [string, (back: URL, browser: Browser) => Promise<Response>][] = [
    ['in another browser', (back) => new Browser().get(callback(back))],
    [
      'with the cookie of another way',
      async (back) => {
        const other = new Browser();
        await other.get(`${server.url}/api/v1/sso/start`);
        return other.get(callback(back));
      },
    ],
    [
      'with another state',
      (back, browser) => {
        back.searchParams.set('state', 'x'.repeat(43));
        return browser.get(callback(back));
      },
    ],
    [
      'with a code of its own making',
      (back, browser) => {
        back.searchParams.set('code', 'x'.repeat(43));
        return browser.get(callback(back));
      },
    ],
    [
      'with the word of another issuer',
      (back, browser) => {
        back.searchParams.set('iss', 'https://evil.example');
        return browser.get(callback(back));
      },
    ],
    [
      'with an error of the provider',
      (back, browser) => {
        const state = back.searchParams.get('state') ?? '';
        back.search = new URLSearchParams({ error: 'access_denied', state }).toString();
        return browser.get(callback(back));
      },
    ],
    [
      'a second time',
      async (back, browser) => {
        const cookie = browser.cookies(server.url);
        await browser.get(callback(back));
        return fetch(callback(back), { headers: { cookie }, redirect: 'manual' });
      },
    ],
    [
      'after more than ten minutes',
      (back, browser) => {
        tocsin.clock.advance(601_000);
        return browser.get(callback(back));
      },
    ],
  ];
  it.each(faults)('does not end %s', async (_, end) => {
    const person = somebody();
    await invited(emailOf(person));
    const browser = new Browser();
    const back = new URL(await browser.signsIn(`${server.url}/api/v1/sso/start`, person));
    const response = await end(back, browser);
    expect([response.status, await codeOf(response)]).toEqual([502, 'single_sign_on_failed']);
    expect(response.headers.get('set-cookie') ?? '').not.toContain('refresh');
  });

  it('begins nowhere while the provider cannot be reached, or may not be', async () => {
    const closed = await tocsin.another(['http'], { ...settings, TOCSIN_EGRESS_ALLOW: '' });
    const before = provider.asked.get('/.well-known/openid-configuration');
    const refused = await fetch(`${closed.url}/api/v1/sso/start`, { redirect: 'manual' });
    expect([refused.status, await codeOf(refused)]).toEqual([502, 'single_sign_on_failed']);
    expect(provider.asked.get('/.well-known/openid-configuration')).toBe(before);
    await closed.close();
  });

  it.each(['start', 'callback?code=x'])('is not there where it is not set up: %s', async (path) => {
    const response = await fetch(`${tocsin.url}/api/v1/sso/${path}`, { redirect: 'manual' });
    expect([response.status, await codeOf(response)]).toEqual([404, 'not_found']);
  });

  it.each(['TOCSIN_OIDC_ISSUER', 'TOCSIN_OIDC_CLIENT_ID', 'TOCSIN_PUBLIC_URL'])(
    'is set up whole or not at all: %s',
    async (missing) => {
      const { [missing]: _, ...rest } = settings;
      await expect(tocsin.another(['http'], rest)).rejects.toThrow('Single sign-on needs');
    },
  );
});

function callback(back: URL): string {
  return `${server.url}${back.pathname}${back.search}`;
}
