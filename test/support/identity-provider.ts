/** A real OpenID Connect provider on loopback, and a browser that goes there and back. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Provider } from 'oidc-provider';
import { testDirectory } from './cluster.ts';

export interface IdentityProvider {
  readonly issuer: string;
  /** What it says of whom: by the name under which one signs in there. */
  readonly people: Map<string, Record<string, unknown>>;
  /** How often each path was asked. */
  readonly asked: Map<string, number>;
  close(): Promise<void>;
}

const CLIENT_ID = 'tocsin';
const CLIENT_SECRET = 'a secret of a client, long enough';

/** `publicUrl`: of the server that its users sign in to. */
export async function startIdentityProvider(publicUrl: string): Promise<IdentityProvider> {
  const people = new Map<string, Record<string, unknown>>();
  const asked = new Map<string, number>();
  let answer: ReturnType<Provider['callback']> | undefined;
  const server = createServer((incoming, response) => {
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    void answer?.(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${publicUrl}/api/v1/sso/callback`],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['a key of the provider'] },
    claims: {
      openid: ['sub', 'amr', 'acr'],
      email: ['email', 'email_verified'],
      profile: ['name'],
    },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...people.get(id) }),
    }),
  });
  // The development login says nothing of how somebody signed in: these accounts do.
  provider.on('interaction.ended', ({ oidc: { session } }) => {
    if (session?.accountId !== undefined) Object.assign(session, howOf(people, session.accountId));
  });
  answer = provider.callback();
  return {
    issuer,
    people,
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** How somebody signed in, of their claims: what the provider keeps with the session. */
function howOf(people: IdentityProvider['people'], name: string): object {
  const { amr, acr } = people.get(name) ?? {};
  return { ...(amr === undefined ? {} : { amr }), ...(acr === undefined ? {} : { acr }) };
}

/** The settings of a server whose users the provider knows. */
export async function settingsFor(
  { issuer }: IdentityProvider,
  publicUrl: string,
): Promise<Record<string, string>> {
  const file = join(await testDirectory(), 'client-secret');
  await writeFile(file, `${CLIENT_SECRET}\n`);
  return {
    TOCSIN_PUBLIC_URL: publicUrl,
    TOCSIN_OIDC_ISSUER: issuer,
    TOCSIN_OIDC_CLIENT_ID: CLIENT_ID,
    TOCSIN_OIDC_CLIENT_SECRET_FILE: file,
  };
}

/** A browser that has come back, and what the server said to that. */
export interface Trip {
  readonly browser: Browser;
  readonly response: Response;
}

/** A browser: it keeps cookies, by origin, and follows redirects one by one. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  async get(url: string): Promise<Response> {
    return this.#send(url, {});
  }

  async submits(url: string, form: Record<string, string>): Promise<Response> {
    return this.#send(url, { method: 'POST', body: new URLSearchParams(form) });
  }

  /** As a page of this server does: with the cookies, and by POST where there is a body. */
  async asPage(url: string, body?: object): Promise<Response> {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return this.#send(url, { ...init, headers });
  }

  /** Confirms that the account is theirs, as the page does to which a first sign-in leads. */
  async confirms(server: string): Promise<Response> {
    const url = `${server}/api/v1/sso/binding`;
    const shown = await this.asPage(url);
    const { token } = (await shown.json()) as { token: string };
    return this.asPage(url, { token });
  }

  /** What it would send along to this origin. */
  cookies(origin: string): string {
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** From the server to the provider, where one signs in as `person`, and back to the server. */
  async goesThereAndBack(server: string, query: string, person: string): Promise<Trip> {
    const back = new URL(await this.signsIn(`${server}/api/v1/sso/start${query}`, person));
    const response = await this.get(`${server}${back.pathname}${back.search}`);
    return { browser: this, response };
  }

  /**
   * Goes from `start` to the provider, signs in there as `person`, and returns the address to
   * which the provider sends it back.
   */
  async signsIn(start: string, person: string): Promise<string> {
    let response = await this.get(start);
    let at = start;
    for (let steps = 0; steps < 20; steps++) {
      const location = response.headers.get('location');
      if (location !== null) {
        at = new URL(location, at).href;
        if (new URL(at).pathname === '/api/v1/sso/callback') return at;
        response = await this.get(at);
        continue;
      }
      const page = await response.text();
      const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
      const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
      if (prompt === undefined || action === undefined) throw new Error(page);
      at = new URL(action, at).href;
      response = await this.submits(at, { prompt, login: person, password: 'any' });
    }
    throw new Error('It went round in circles');
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const { origin } = new URL(url);
    const headers = new Headers(init.headers);
    headers.set('cookie', this.cookies(origin));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    return response;
  }
}
