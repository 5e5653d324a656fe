/** Binding somebody's identity to an account of an attacker's organisation (RFC 9700 §4.7, OIDC). */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../src/commands/serve/serve.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { browserPath, startBrowser } from '../support/browser.ts';
import {
  Browser,
  settingsFor,
  startIdentityProvider,
  type IdentityProvider,
} from '../support/identity-provider.ts';
import { anEmail, type Tokens } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let provider: IdentityProvider;
let server: RunningServer;
let settings: Record<string, string>;
/** The attacker is an org_admin of a member. */
let mallory: Actor;

/** A port for a server whose own address the provider has to know. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

beforeAll(async () => {
  tocsin = await startTocsin();
  mallory = await anActor(tocsin);
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  provider = await startIdentityProvider(publicUrl);
  settings = { ...(await settingsFor(provider, publicUrl)), PORT: String(port) };
  server = await tocsin.another(['http'], settings);
});
afterAll(async () => {
  await provider.close();
  await tocsin.close();
});

/** Somebody at the provider, with an address that it has verified. */
function somebody(claims: object = {}): { name: string; email: string } {
  const email = anEmail();
  const name = email.split('@')[0] ?? '';
  provider.people.set(name, { email, email_verified: true, name: 'Ada', ...claims });
  return { name, email };
}

interface Invited {
  readonly id: string;
  readonly invitation: { readonly token: string };
}

async function invites(email: string, role = 'analyst'): Promise<Invited> {
  const wish = { email, name: 'Ada', role };
  return (await mallory.sends('post', '/users').send(wish).expect(201)).body as Invited;
}

/** Whom the identity of this name is bound to. */
async function boundTo(name: string): Promise<unknown[]> {
  return tocsin.sql('select id from user_account where oidc_subject = $1', [name]);
}

const api = (path: string) => `${server.url}/api/v1${path}`;

async function codeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { code?: string }).code;
}

describe('one click binds nothing', () => {
  it('whether by a link for another address', async () => {
    const victim = somebody();
    const { invitation } = await invites(anEmail());
    const query = `?invitation=${invitation.token}`;
    const { response } = await new Browser().goesThereAndBack(server.url, query, victim.name);
    expect([response.status, await codeOf(response)]).toEqual([403, 'identity_mismatch']);
    expect(await boundTo(victim.name)).toEqual([]);
  });

  it("by a link for the victim's address, or by its invitation alone", async () => {
    const victim = somebody();
    const { invitation } = await invites(victim.email);
    for (const query of [`?invitation=${invitation.token}`, '']) {
      const browser = new Browser();
      const { response } = await browser.goesThereAndBack(server.url, query, victim.name);
      expect([response.status, response.headers.get('location')]).toEqual([
        303,
        '/#/confirm-identity',
      ]);
      expect(await boundTo(victim.name)).toEqual([]);
      expect(browser.cookies(server.url)).not.toContain('refresh');
    }
  });

  it('nor by an address that the provider has not verified', async () => {
    const victim = somebody({ email_verified: false });
    const { invitation } = await invites(victim.email);
    const query = `?invitation=${invitation.token}`;
    const { response } = await new Browser().goesThereAndBack(server.url, query, victim.name);
    expect([response.status, await codeOf(response)]).toEqual([403, 'identity_mismatch']);
  });
});

describe('the confirmation', () => {
  /** A victim who has come back from the provider and confirmed nothing yet. */
  async function undecided(): Promise<{ name: string; browser: Browser; token: string }> {
    const { name, email } = somebody();
    await invites(email);
    const browser = new Browser();
    await browser.goesThereAndBack(server.url, '', name);
    const shown = await browser.asPage(api('/sso/binding'));
    const body = (await shown.json()) as { token: string };
    expect(body).toMatchObject({ organisation: { slug: mallory.slug }, email });
    return { name, browser, token: body.token };
  }

  it('links an account found by its address although the link was replaced', async () => {
    const { name, email } = somebody();
    const { id, invitation } = await invites(email);
    await mallory.sends('post', `/users/${id}/invitation`).expect(201);
    const browser = new Browser();
    await browser.goesThereAndBack(server.url, `?invitation=${invitation.token}`, name);
    expect((await browser.confirms(server.url)).status).toBe(200);
    expect(await boundTo(name)).toEqual([{ id }]);
  });

  const forgeries: [string, (headers: Headers, token: string) => string][] = [
    [
      'from another site',
      (headers, token) => {
        headers.set('origin', 'https://evil.example');
        return token;
      },
    ],
    [
      'from a neighbour, as the browser says',
      (headers, token) => {
        headers.set('sec-fetch-site', 'same-site');
        return token;
      },
    ],
    [
      'without what the page has shown',
      (headers) => {
        headers.set('sec-fetch-site', 'same-origin');
        return 'x'.repeat(43);
      },
    ],
  ];
  it.each(forgeries)('is not taken %s', async (_, forge) => {
    const { name, browser, token } = await undecided();
    const headers = new Headers({ 'content-type': 'application/json' });
    headers.set('cookie', browser.cookies(server.url));
    const body = JSON.stringify({ token: forge(headers, token) });
    const response = await fetch(api('/sso/binding'), { method: 'POST', headers, body });
    expect([403, 502]).toContain(response.status);
    expect(await boundTo(name)).toEqual([]);
  });

  it("is not taken with the token of somebody else's sign-in", async () => {
    const [victim, attacker] = [await undecided(), await undecided()];
    const response = await victim.browser.asPage(api('/sso/binding'), { token: attacker.token });
    expect([response.status, await codeOf(response)]).toEqual([502, 'single_sign_on_failed']);
    expect(await boundTo(victim.name)).toEqual([]);
  });

  it('is held in a strict cookie, for ten minutes and one use', async () => {
    const { name, browser, token } = await undecided();
    const cookie = browser.cookies(server.url);
    const confirmed = await browser.asPage(api('/sso/binding'), { token });
    expect(confirmed.status).toBe(200);
    expect(await boundTo(name)).toHaveLength(1);
    const again = await fetch(api('/sso/binding'), {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ token }),
    });
    expect([again.status, await codeOf(again)]).toEqual([403, 'single_sign_on_unknown']);
    const late = await undecided();
    tocsin.clock.advance(601_000);
    const refused = await late.browser.asPage(api('/sso/binding'), { token: late.token });
    expect(refused.status).toBe(502);
  });
});

describe('a binding can be undone', () => {
  async function bound(): Promise<{
    id: string;
    name: string;
    actor: (path: string) => request.Test;
  }> {
    const { name, email } = somebody();
    const { id } = await invites(email);
    const browser = new Browser();
    await browser.goesThereAndBack(server.url, '', name);
    await browser.confirms(server.url);
    const refreshed = await browser.asPage(api('/sessions/refresh'), {});
    const { access_token: token } = (await refreshed.json()) as Tokens;
    const actor = (path: string) =>
      request(server.url).post(`/api/v1${path}`).set('authorization', `Bearer ${token}`);
    return { id, name, actor };
  }

  const audited = async (id: string) =>
    tocsin.sql(
      `select 1 from audit where action = 'user.unlink_identity' and detail->>'user' = $1`,
      [id],
    );

  it('by the user, just after a single sign-on', async () => {
    const { id, name, actor } = await bound();
    tocsin.clock.advance(601_000);
    await actor('/me/identity/remove').expect(401);
    const again = await bound();
    await again.actor('/me/identity/remove').expect(204);
    expect(await boundTo(again.name)).toEqual([]);
    expect(await boundTo(name)).toHaveLength(1);
    await again.actor('/me/identity/remove').expect(401);
    expect([await audited(id), await audited(again.id)].map(({ length }) => length)).toEqual([
      0, 1,
    ]);
  });

  it('by an org_admin, and then the identity is free', async () => {
    const { id, name } = await bound();
    await mallory.sends('delete', `/users/${id}/identity`).expect(204);
    await mallory.sends('delete', `/users/${id}/identity`).expect(409);
    expect(await boundTo(name)).toEqual([]);
    expect(await audited(id)).toHaveLength(1);
    const stranger = await anActor(tocsin);
    await stranger.sends('delete', `/users/${id}/identity`).expect(404);
  });
});

describe('the second factor of the provider', () => {
  it.each([
    [{ amr: ['pwd', 'mfa'] }, 200],
    [{ acr: 'mfa' }, 200],
    [{ amr: ['pwd'] }, 403],
    [{}, 403],
  ])('%j counts as the setting says: %i', async (claims, status) => {
    const { name, email } = somebody(claims);
    await invites(email, 'org_admin');
    const at = await tocsin.another(['http'], {
      ...settings,
      PORT: '0',
      TOCSIN_OIDC_SECOND_FACTOR: 'mfa',
    });
    const browser = new Browser();
    await browser.goesThereAndBack(at.url, '', name);
    await browser.confirms(at.url);
    const refreshed = await browser.asPage(`${at.url}/api/v1/sessions/refresh`, {});
    const { access_token: token } = (await refreshed.json()) as Tokens;
    const asked = request(at.url).get('/api/v1/users').set('authorization', `Bearer ${token}`);
    await asked.expect(status);
    await at.close();
  });
});

it.skipIf(browserPath === undefined)(
  'in a browser, the page names the organisation and the address before anything is bound',
  async () => {
    const { name, email } = somebody();
    await invites(email);
    const chromium = await startBrowser();
    try {
      const page = await chromium.newPage();
      await page.goto(api('/sso/start'));
      await page.locator('input[name=login]').fill(name);
      await page.locator('input[name=password]').fill('any');
      await page.locator('button[type=submit]').click();
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('Is this your account?').waitFor();
      expect(await page.locator('#account').innerText()).toBe(email);
      expect(await page.locator('#organisation').innerText()).toContain(mallory.slug);
      expect(await boundTo(name)).toEqual([]);
      await page.getByRole('button', { name: 'Confirm and sign in' }).click();
      await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
      expect(await boundTo(name)).toHaveLength(1);
    } finally {
      await chromium.close();
    }
  },
  120_000,
);
