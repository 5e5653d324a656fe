/** Bodies made to stop the server: large, packed, slow, unfinished; the class stands in the name. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { text as textOf } from 'node:stream/consumers';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, keyOf, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const KIB = 1024;

let tocsin: Tocsin;
let alice: Actor;
/** A key that may read the metrics. */
let watcher: string;

beforeAll(async () => {
  tocsin = await startTocsin({
    settings: { TOCSIN_BODY_PAUSE_SECONDS: '0.5', TOCSIN_BODY_BYTES_PER_SECOND: '1000000' },
  });
  alice = await anActor(tocsin);
  watcher = await keyOf(tocsin, alice.slug, 'admin');
});
afterAll(() => tocsin.close());

/** Sends raw HTTP over a connection of its own. */
function dial(head: readonly string[]): Socket {
  const { hostname, port } = new URL(tocsin.url);
  const socket = connect({ host: hostname, port: Number(port) });
  // A connection that the server ends is what is tested here.
  socket.on('error', () => undefined);
  socket.write(`${[...head, `Host: ${hostname}`].join('\r\n')}\r\n\r\n`);
  return socket;
}

function post(path: string, body: Buffer | string, headers: Record<string, string> = {}) {
  return fetch(`${tocsin.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: new Uint8Array(Buffer.from(body)),
  });
}

async function bytesInFlight(): Promise<number> {
  const { text } = await request(tocsin.url).get('/metrics').set('x-api-key', watcher).expect(200);
  return Number(/^tocsin_bytes_in_flight (\d+)$/m.exec(text)?.[1]);
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly isPublic: boolean;
}

/** Every operation of the server's own document. */
async function operations(): Promise<Operation[]> {
  const { body } = await request(tocsin.url).get('/openapi.json').expect(200);
  const paths = (body as { paths: Record<string, Record<string, { security?: unknown[] }>> }).paths;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{[^}]+\}/g, 'x'),
      isPublic: security?.length === 0,
    })),
  );
}

const WITH_BODY = ['POST', 'PUT', 'PATCH'];

describe('a body from nobody', () => {
  const junk = `[${'1,'.repeat(100)}`;

  it('is not read for an unknown path or a wrong method', async () => {
    const packed = { 'content-encoding': 'gzip' };
    for (const [path, status] of [
      ['/unknown', 404],
      ['/api/v1/unknown', 404],
      ['/healthz', 405],
      ['/api/v1/me', 405],
    ] as const) {
      for (const [body, headers] of [[junk], [gzipSync(junk), packed], [junk, packed]] as const) {
        const answer = await post(path, body, headers);
        expect([path, answer.status]).toEqual([path, status]);
      }
    }
  });

  it('is not read before the credential is known', async () => {
    const all = await operations();
    const guarded = all.filter((one) => !one.isPublic && WITH_BODY.includes(one.method));
    expect(guarded.length).toBeGreaterThan(20);
    for (const { method, path } of guarded) {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      const answer = await fetch(`${tocsin.url}${path}`, { method, headers, body: junk });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
    }
  });

  it('is at most 16 KiB, and not compressed, on every public route', async () => {
    const all = await operations();
    const open = all.filter((one) => one.isPublic && WITH_BODY.includes(one.method));
    expect(open.length).toBeGreaterThan(3);
    for (const { method, path } of open) {
      const send = (body: Buffer, more = {}) => {
        const headers = { 'content-type': 'application/json', ...more };
        return fetch(`${tocsin.url}${path}`, { method, headers, body: new Uint8Array(body) });
      };
      const large = Buffer.from(`{"a":"${'a'.repeat(16 * KIB)}"}`);
      const refused = await send(large);
      const limit = { code: 'body_too_large', limit_bytes: 16 * KIB };
      expect([path, await refused.json()]).toMatchObject([path, limit]);
      const packed = await send(gzipSync(large), { 'content-encoding': 'gzip' });
      const unsupported = { code: 'content_encoding_unsupported' };
      expect([path, await packed.json()]).toMatchObject([path, unsupported]);
    }
  });

  it('is refused by its declared length before a byte of it comes', async () => {
    const socket = dial([
      'POST /api/v1/sessions HTTP/1.1',
      'Content-Type: application/json',
      'Content-Length: 20000',
      'Connection: close',
    ]);
    const ended = once(socket, 'end');
    socket.end();
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 (413|400) /);
    await ended;
  });

  it('is not repeated in the answer, however much it holds that nobody knows', async () => {
    const members = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`x${i}`, 1]));
    const answer = await post('/api/v1/sessions', JSON.stringify(members));
    expect(answer.status).toBe(400);
    expect((await answer.text()).length).toBeLessThan(4 * KIB);
  });
});

describe('limits of routes that take a key', () => {
  it('are 16 KiB without compression, unless the route declares more', async () => {
    const body = JSON.stringify({ label: 'a'.repeat(16 * KIB) });
    const answer = await post('/api/v1/keys', body, { 'x-api-key': alice.key });
    expect(await answer.json()).toMatchObject({ code: 'body_too_large', limit_bytes: 16 * KIB });
    const headers = { 'x-api-key': alice.key, 'content-encoding': 'gzip' };
    const packed = await post('/api/v1/keys', gzipSync('{}'), headers);
    expect(await packed.json()).toMatchObject({ code: 'content_encoding_unsupported' });
  });

  it('let an object and lists of members be larger', async () => {
    const headers = { 'x-api-key': alice.key, 'content-encoding': 'gzip' };
    const object = JSON.stringify(indicator({ description: 'a'.repeat(32 * KIB) }));
    expect((await post('/api/v1/indicators', gzipSync(object), headers)).status).toBe(201);
    const audience = Array.from({ length: 400 }, (_, i) => `organisation-number-${i}-of-many-more`);
    const preview = JSON.stringify({ audience });
    expect(preview.length).toBeGreaterThan(13 * KIB);
    const answer = await post('/api/v1/audiences/preview', preview, { 'x-api-key': alice.key });
    expect(await answer.json()).not.toMatchObject({ code: 'body_too_large' });
  });
});

describe('a sender that stalls', () => {
  const head = (length: number, type = 'application/json') => [
    'POST /api/v1/bundles HTTP/1.1',
    `X-API-Key: ${alice.key}`,
    `Content-Type: ${type}`,
    `Content-Length: ${length}`,
  ];

  it.each(['application/json', 'application/x-ndjson'])(
    'half way of %s gets 408, loses its connection and gives back its memory',
    async (type) => {
      const sockets = Array.from({ length: 10 }, () => dial(head(100_000, type)));
      for (const socket of sockets) socket.write('x'.repeat(50_000));
      for (const socket of sockets) {
        expect(await textOf(socket)).toMatch(/^HTTP\/1.1 408 .*"code":"request_timeout"/s);
      }
      await expect.poll(bytesInFlight).toBe(0);
    },
  );

  it('in gzip gets 408 too', async () => {
    const socket = dial([...head(100_000), 'Content-Encoding: gzip']);
    socket.write(gzipSync('x'.repeat(50_000)).subarray(0, 40));
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 408 /);
  });

  it('only drips, and never pauses: 408', async () => {
    const socket = dial([...head(1_000_000)]);
    const dripping = setInterval(() => socket.write('x'), 100);
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(dripping);
  });

  it('earns no more than one pause by what it sends at once', async () => {
    const socket = dial(head(40_000_000));
    socket.write('x'.repeat(30_000_000));
    let drips = 0;
    const dripping = setInterval(() => {
      drips++;
      socket.write('x');
    }, 100);
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(dripping);
    // 30 seconds' worth at the rate came at once.
    expect(drips).toBeLessThan(150);
  });

  it('before the first byte gets 408 on every route, chunked bodies included', async () => {
    const socket = dial([
      'POST /api/v1/sessions HTTP/1.1',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    ]);
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 408 /);
  });

  it('leaves in the midst, and its memory is given back', async () => {
    const socket = dial(head(100_000));
    socket.write('x'.repeat(50_000));
    await expect.poll(bytesInFlight).toBeGreaterThan(0);
    socket.destroy();
    await expect.poll(bytesInFlight).toBe(0);
  });

  it('keeps no connection after an answer that needed no body', async () => {
    const socket = dial(['GET /healthz HTTP/1.1', 'Content-Length: 1000000']);
    socket.write('x');
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('Expect: 100-continue', () => {
  const head = (key: string, length = 2) => [
    'POST /api/v1/bundles HTTP/1.1',
    `X-API-Key: ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    'Expect: 100-continue',
  ];

  it('is met only after the credential and the length were found good', async () => {
    const feed = await keyOf(tocsin, alice.slug, 'feed');
    for (const lines of [head('wrong'), head(feed), head(alice.key, 1e9)]) {
      const answer = await textOf(dial(lines));
      expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
      expect(answer).not.toContain('100 Continue');
    }
  });

  it('is met by 100 Continue, then the answer', async () => {
    const socket = dial([...head(alice.key), 'Connection: close']);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('{}');
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 400 .*invalid_bundle/s);
  });
});
