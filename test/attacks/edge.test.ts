/** What a stranger or a proxy's client can pretend at the edge, and what every answer must say. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idleApp } from '../../scripts/openapi-document.ts';
import type { RunningServer } from '../../src/commands/serve.ts';
import { HSTS, SECURITY_HEADERS } from '../../src/http/security-headers.ts';
import { anActor, keyOf, type Actor } from '../support/actors.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const CLIENT = '203.0.113.5';
const INSIDE = '198.51.100.7';
const token = randomBytes(32).toString('hex');

let directory: string;
let tocsin: Tocsin;
/** Trusts what comes from loopback. */
let behindProxy: RunningServer;
let alice: Actor;
let admin: Actor;
/** Of alice, for INSIDE alone. */
let boundKey: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tocsin-edge-'));
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, `${token}\n`);
  tocsin = await startTocsin({ settings: { TOCSIN_METRICS_TOKEN_FILE: tokenFile } });
  behindProxy = await tocsin.another(['http'], {
    TOCSIN_TRUSTED_PROXIES: '127.0.0.0/8',
    TOCSIN_DOCS: 'members',
    TOCSIN_PUBLIC_URL: 'https://tocsin.example.org',
  });
  alice = await anActor(tocsin);
  admin = await (await anActor(tocsin)).as('admin');
  const made = await alice
    .sends('post', '/keys')
    .send({ role: 'publisher', networks: [`${INSIDE}/32`] })
    .expect(201);
  boundKey = (made.body as { key: string }).key;
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

describe('an address is what the nearest trusted proxy says', () => {
  const me = (url: string, forwarded?: string) => {
    const asked = request(url).get('/api/v1/me').set('x-api-key', boundKey);
    return forwarded === undefined ? asked : asked.set('x-forwarded-for', forwarded);
  };

  it('so that a key bound to a network opens nothing by a header alone', async () => {
    const { body } = await me(tocsin.url, INSIDE).expect(403);
    expect(body).toMatchObject({ code: 'network_not_allowed' });
  });

  it('so that a key bound to a network works behind the proxy, from there only', async () => {
    await me(behindProxy.url, INSIDE).expect(200);
    await me(behindProxy.url, `${CLIENT}, ${INSIDE}`).expect(200);
    await me(behindProxy.url, CLIENT).expect(403);
    await me(behindProxy.url).expect(403);
  });

  it('and nothing that the client itself wrote', async () => {
    await me(behindProxy.url, `${INSIDE}, ${CLIENT}`).expect(403);
    await me(behindProxy.url, `${INSIDE}, 127.0.0.1, ${CLIENT}`).expect(403);
    const header = { forwarded: `for=${INSIDE}`, 'x-real-ip': INSIDE, 'client-ip': INSIDE };
    await me(behindProxy.url, CLIENT).set(header).expect(403);
  });

  it('so that wrong keys of one client do not count for another', async () => {
    const limited = await tocsin.another(['http'], {
      TOCSIN_TRUSTED_PROXIES: '127.0.0.0/8',
      TOCSIN_RATE_WRONG_KEYS: '1',
    });
    const wrong = (address: string) =>
      request(limited.url)
        .get('/api/v1/me')
        .set('x-api-key', 'wrong')
        .set('x-forwarded-for', address);
    await wrong(CLIENT).expect(401);
    await wrong(CLIENT).expect(429);
    await wrong(INSIDE).expect(401);
    // Entries that the client makes up do not give it another count.
    await wrong(`192.0.2.77, ${CLIENT}`).expect(429);
  });

  it('in the list of sessions and in the audit, for acts and for refusals', async () => {
    const person = await aPerson(tocsin, alice, { role: 'analyst' });
    const { email, password } = person;
    const began = await request(behindProxy.url)
      .post('/api/v1/sessions')
      .set('x-forwarded-for', `192.0.2.1, ${CLIENT}`)
      .send({ email, password })
      .expect(201);
    const { access_token: access } = began.body as { access_token: string };
    const listed = await request(behindProxy.url)
      .get('/api/v1/sessions')
      .set('authorization', `Bearer ${access}`)
      .expect(200);
    expect(listed.body).toMatchObject({ sessions: [{ address: CLIENT }] });
    await me(behindProxy.url, INSIDE).expect(200);
    await request(behindProxy.url)
      .post('/api/v1/subscriptions')
      .set('authorization', `Bearer ${alice.key}`)
      .set('x-forwarded-for', CLIENT)
      .send({ url: 'http://127.0.0.1:9/hook' })
      .expect(201);
    await me(behindProxy.url, '203.0.113.99').expect(403);
    // What was counted in memory is written when a server stops.
    await behindProxy.close();
    const rows = await tocsin.sql<{ action: string; address: string | null }>(
      `select action, host(address) as address from audit
       where action in ('session.begin', 'subscription.create')
         or (action = 'request.refuse' and detail ->> 'code' = 'network_not_allowed')`,
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { action: 'session.begin', address: CLIENT },
        { action: 'subscription.create', address: CLIENT },
        { action: 'request.refuse', address: '203.0.113.99' },
      ]),
    );
    behindProxy = await tocsin.another(['http'], {
      TOCSIN_TRUSTED_PROXIES: '127.0.0.0/8',
      TOCSIN_DOCS: 'members',
      TOCSIN_PUBLIC_URL: 'https://tocsin.example.org',
    });
  });
});

describe('/metrics is not given by address', () => {
  const metrics = (url: string) => request(url).get('/metrics');

  it('to a client on the same machine, such as a proxy that adds no header', async () => {
    const { body } = await metrics(tocsin.url).expect(401);
    expect(body).toMatchObject({ code: 'key_missing' });
    await metrics(behindProxy.url).set('x-forwarded-for', '127.0.0.1').expect(401);
  });

  it('but by the token of the operator or the key of an admin', async () => {
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
    expect((await metrics(tocsin.url).set(bearer(token)).expect(200)).text).toContain('tocsin_');
    await metrics(tocsin.url).set(bearer(admin.key)).expect(200);
    await metrics(tocsin.url).set(bearer(alice.key)).expect(403);
    await metrics(tocsin.url)
      .set(bearer(`${token.slice(1)}0`))
      .expect(401);
    await metrics(tocsin.url).set(bearer('')).expect(401);
  });

  it('and the token opens nothing else', async () => {
    const asked = request(tocsin.url).get('/api/v1/me').set('authorization', `Bearer ${token}`);
    await asked.expect(401);
  });

  it('or on a port that has nothing else', async () => {
    const url = tocsin.metricsUrl;
    expect((await metrics(url).expect(200)).text).toContain('tocsin_');
    for (const path of ['/', '/healthz', '/api/v1/me', '/docs']) {
      await request(url).get(path).set('x-api-key', admin.key).expect(404);
    }
  });
});

it('the documents can be for members only', async () => {
  for (const path of ['/docs', '/docs/json', '/openapi.json', '/docs/errors/not_found']) {
    await request(tocsin.url).get(path).expect(200);
    const refused = await request(behindProxy.url).get(path).expect(401);
    expect(refused.headers['www-authenticate']).toBe('Basic realm="tocsin"');
    const feed = await keyOf(tocsin, alice.slug, 'feed');
    await request(behindProxy.url).get(path).auth('any', feed).expect(200);
  }
});

/** Each way in which a client can be answered: what is written, and the status. */
const WAYS: readonly [string, number, () => string][] = [
  ['an answer', 200, () => 'GET /healthz HTTP/1.1\r\nHost: a\r\n'],
  ['an answer without its body', 200, () => 'HEAD /healthz HTTP/1.1\r\nHost: a\r\n'],
  ['a member', 200, () => keyed('GET /api/v1/me HTTP/1.1\r\nHost: a\r\n')],
  [
    'lines',
    200,
    () => keyed('GET /api/v1/changes HTTP/1.1\r\nHost: a\r\nAccept: application/x-ndjson\r\n'),
  ],
  [
    'a file',
    200,
    () => keyed('GET /api/v1/organisations/directory HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\n'),
  ],
  ['the welcome page', 200, () => 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ['its script', 200, () => 'GET /welcome.js HTTP/1.1\r\nHost: a\r\n'],
  ['the document', 200, () => 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n'],
  ['the page of the document', 200, () => 'GET /docs HTTP/1.1\r\nHost: a\r\n'],
  ['a file of that page', 200, () => 'GET /docs/static/swagger-ui.css HTTP/1.1\r\nHost: a\r\n'],
  [
    'the page of a code',
    200,
    () => 'GET /docs/errors/not_found HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n',
  ],
  ['a bad parameter', 400, () => keyed('GET /api/v1/changes?limit=x HTTP/1.1\r\nHost: a\r\n')],
  ['a bad percent-escape', 400, () => 'GET /api/v1/%zz HTTP/1.1\r\nHost: a\r\n'],
  ['no Host', 400, () => 'GET /healthz HTTP/1.1\r\n'],
  ['malformed HTTP', 400, () => 'Hello?\r\n'],
  ['no key', 401, () => 'GET /api/v1/me HTTP/1.1\r\nHost: a\r\n'],
  ['a path that is not there', 404, () => 'GET /nothing HTTP/1.1\r\nHost: a\r\n'],
  ['a method that is not there', 404, () => 'OPTIONS /healthz HTTP/1.1\r\nHost: a\r\n'],
  ['an expectation', 417, () => 'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: more\r\n'],
  [
    'headers that are too long',
    431,
    () => `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n`,
  ],
];
const keyed = (head: string) => `${head}X-API-Key: ${alice.key}\r\n`;

/** The first answer on a connection of its own, as it comes. */
async function answered(url: string, head: string, last = 'Connection: close\r\n'): Promise<Raw> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`${head}${last}\r\n`);
  return parsed(await text(socket));
}

interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

function parsed(answer: string): Raw {
  const [head = ''] = answer.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines.map((one) => [
    one.slice(0, one.indexOf(':')).toLowerCase(),
    one.slice(one.indexOf(':') + 1).trim(),
  ]);
  return { status: Number(line.split(' ')[1]), headers: Object.fromEntries(headers) };
}

/** What differs from page to page: only whether it is there is looked at. */
const VARYING = new Set(['cache-control', 'content-security-policy']);

function expectSecure({ headers }: Raw): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (VARYING.has(name)) expect(headers).toHaveProperty(name);
    else expect(headers).toHaveProperty([name], value);
  }
  expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
  expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'/);
}

describe('every answer carries the security headers', () => {
  it.each(WAYS)('%s (%i)', async (_, status, head) => {
    const answer = await answered(tocsin.url, head());
    expect(answer.status).toBe(status);
    expectSecure(answer);
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
    expect(answer.headers).not.toHaveProperty('server');
  });

  it('a stream', async () => {
    const abort = new AbortController();
    const stream = await fetch(`${tocsin.url}/api/v1/stream`, {
      headers: { 'x-api-key': alice.key },
      signal: abort.signal,
    });
    expectSecure({ status: stream.status, headers: Object.fromEntries(stream.headers) });
    abort.abort();
  });

  it('/metrics', async () => {
    expectSecure(await answered(tocsin.metricsUrl, 'GET /metrics HTTP/1.1\r\nHost: a\r\n'));
  });

  it('headers that do not come to an end', async () => {
    const { app, close } = await idleApp();
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    app.server.once('connection', (socket) => {
      const error = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
      app.server.emit('clientError', error, socket);
    });
    const answer = await answered(url, '', '');
    expect(answer.status).toBe(408);
    expectSecure(answer);
    await close();
  });
});

describe('browsers are told to use https', () => {
  it.each(WAYS.filter(([, status]) => status !== 200))(
    'where the public URL is https, by %s',
    async (_, __, head) => {
      const { headers } = await answered(behindProxy.url, head());
      expect(headers).toMatchObject(HSTS);
    },
  );

  it('where a trusted proxy says so', async () => {
    const proxied = await tocsin.another(['http'], { TOCSIN_TRUSTED_PROXIES: '127.0.0.0/8' });
    const head = 'GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n';
    expect((await answered(proxied.url, head)).headers).toMatchObject(HSTS);
    const other = await answered(tocsin.url, head);
    expect(other.headers).not.toHaveProperty('strict-transport-security');
  });
});

it('no wrong answer is held for another request of the connection', async () => {
  const { hostname, port } = new URL(tocsin.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(
    'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  const all = await text(socket);
  expect(all.match(/^x-content-type-options: nosniff\r$/gim)).toHaveLength(2);
  if (!socket.destroyed) await once(socket, 'close');
});
