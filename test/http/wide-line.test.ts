import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly route?: string;
  readonly status?: number;
  readonly requestId?: string;
}

interface Expected {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly problem?: string;
}

const texts: string[] = [];
let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  const logger = createLogger('info', { write: (line) => void texts.push(line) });
  tocsin = await startTocsin({ logger });
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

function open(): Socket {
  const { hostname, port } = new URL(tocsin.url);
  return connect({ host: hostname, port: Number(port) });
}

const since = (place: number) => texts.slice(place).map((line) => JSON.parse(line) as Line);
const ASKED_HERE = ['/healthz', '/metrics'];
const isOther = ({ route = '' }: Line) => !ASKED_HERE.includes(route);

/** What is logged from `place` on, once there is something, and a later request has its own line. */
async function linesFrom(place: number): Promise<Line[]> {
  const others = () => since(place).filter(isOther);
  await expect.poll(() => others().length, { timeout: 60_000 }).toBeGreaterThan(0);
  const seen = texts.length;
  await fetch(`${tocsin.url}/healthz`);
  const isLater = ({ route }: Line) => route === '/healthz';
  await expect.poll(() => since(seen).some(isLater), { timeout: 60_000 }).toBe(true);
  return others();
}

async function counted(method: string, route: string, status: number): Promise<number> {
  const text = await (await fetch(`${tocsin.metricsUrl}/metrics`)).text();
  const name = `tocsin_http_request_seconds_count{method="${method}",route="${route}",status="${status}"} `;
  const line = text.split('\n').find((one) => one.startsWith(name));
  return Number(line?.slice(name.length) ?? 0);
}

const head = (line: string, ...headers: string[]) => `${[line, ...headers].join('\r\n')}\r\n\r\n`;
const keyed = (line: string, ...headers: string[]) =>
  head(line, 'Host: localhost', `X-API-Key: ${alice.key}`, ...headers);

describe('one line each, and one count', () => {
  const cases: [string, () => string, Expected][] = [
    [
      'an ordinary request',
      () => keyed('GET /api/v1/me HTTP/1.1', 'Connection: close'),
      { method: 'GET', route: '/api/v1/me', status: 200 },
    ],
    [
      'an address that cannot be read',
      () => keyed('GET /api/v1/%ZZ HTTP/1.1', 'Connection: close'),
      { method: 'GET', route: '(none)', status: 400, problem: 'invalid_request' },
    ],
    [
      'no Host header',
      () => head('GET /healthz/x HTTP/1.1', 'Connection: close'),
      { method: 'GET', route: '(none)', status: 400, problem: 'invalid_request' },
    ],
    [
      'what is not HTTP',
      () => head('NONSENSE'),
      { method: '(none)', route: '(none)', status: 400, problem: 'invalid_request' },
    ],
    [
      'headers that are too large',
      () => keyed('GET /api/v1/me HTTP/1.1', `X-Long: ${'a'.repeat(20_000)}`),
      { method: '(none)', route: '(none)', status: 431, problem: 'headers_too_large' },
    ],
    [
      'an expectation that nobody knows',
      () => keyed('GET /api/v1/me HTTP/1.1', 'Expect: nonsense', 'Connection: close'),
      { method: 'GET', route: '/api/v1/me', status: 417, problem: 'expectation_failed' },
    ],
  ];
  it.each(cases)('%s', async (_, request, expected) => {
    const { method, route, status } = expected;
    const before = await counted(method, route, status);
    const from = texts.length;
    const socket = open();
    socket.write(request());
    const answer = await textOf(socket);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    const lines = await linesFrom(from);
    expect(lines).toMatchObject([{ level: 'info', msg: 'request', ...expected }]);
    expect(lines[0]).not.toHaveProperty('aborted');
    if (status !== 200) expect(answer).toContain(`"instance":"${lines[0]?.requestId}"`);
    expect(await counted(method, route, status)).toBe(before + 1);
  });
});

describe('a client that goes', () => {
  it.each([
    ['JSON', 'application/json', 'identity', '{"type":"bundle",'],
    ['lines', 'application/x-ndjson', 'identity', `${JSON.stringify(indicator())}\n`],
    ['gzip', 'application/x-ndjson', 'gzip', gzipSync('{}').subarray(0, -4)],
  ])(
    'in the midst of its body has one line, and no error (%s)',
    async (_, type, encoding, part) => {
      const labels = ['POST', '/api/v1/bundles', 499] as const;
      const before = await counted(...labels);
      const place = texts.length;
      const socket = open();
      const headers = [
        `Content-Type: ${type}`,
        `Content-Encoding: ${encoding}`,
        'Expect: 100-continue',
      ];
      socket.write(keyed('POST /api/v1/bundles HTTP/1.1', ...headers, 'Content-Length: 1000000'));
      await once(socket, 'data');
      socket.write(part);
      socket.end();
      socket.destroy();
      const lines = await linesFrom(place);
      const expected = { route: '/api/v1/bundles', status: 499, aborted: true };
      expect(lines).toMatchObject([{ level: 'info', msg: 'request', ...expected }]);
      expect(lines[0]).not.toHaveProperty('problem');
      expect(await counted(...labels)).toBe(before + 1);
    },
  );

  it('ends its stream, which is a line too', async () => {
    const labels = ['GET', '/api/v1/stream', 200] as const;
    const before = await counted(...labels);
    const place = texts.length;
    const socket = open();
    socket.write(keyed('GET /api/v1/stream HTTP/1.1'));
    await once(socket, 'data');
    socket.destroy();
    const lines = await linesFrom(place);
    const expected = { route: '/api/v1/stream', status: 200, aborted: true };
    expect(lines).toMatchObject([{ level: 'info', msg: 'request', ...expected }]);
    expect(await counted(...labels)).toBe(before + 1);
  });
});

it('what is not HTTP any more within a body leaves one line', async () => {
  const place = texts.length;
  const socket = open();
  const headers = ['Content-Type: application/x-ndjson', 'Transfer-Encoding: chunked'];
  socket.write(`${keyed('POST /api/v1/bundles HTTP/1.1', ...headers)}1\r\n\n\r\nnonsense\r\n`);
  await textOf(socket);
  expect(await linesFrom(place)).toMatchObject([{ msg: 'request', route: '/api/v1/bundles' }]);
});

it('no line holds a key', () => {
  expect(texts.join('')).not.toContain(alice.key);
});
