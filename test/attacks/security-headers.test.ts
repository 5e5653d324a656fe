/** Every way in which a client can be answered carries the security headers. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idleApp } from '../../scripts/openapi-document.ts';
import type { RunningServer } from '../../src/commands/serve/serve.ts';
import { HSTS, SECURITY_HEADERS } from '../../src/http/edge/security-headers.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
/** Reached under https. */
let publicHttps: RunningServer;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  publicHttps = await tocsin.another(['http'], {
    TOCSIN_PUBLIC_URL: 'https://tocsin.example.org',
  });
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

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
  ['a method that the path does not have', 405, () => 'PUT /healthz HTTP/1.1\r\nHost: a\r\n'],
  ['what it may be asked', 204, () => 'OPTIONS /healthz HTTP/1.1\r\nHost: a\r\n'],
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

describe('browsers must use https', () => {
  it.each(WAYS.filter(([, status]) => status !== 200))(
    'where the public URL is https, by %s',
    async (_, __, head) => {
      const { headers } = await answered(publicHttps.url, head());
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
