import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { json, text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { rowCounts } from '../support/row-counts.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const MIB = 1024 * 1024;
const BODY_BYTES_MAX = 8 * MIB;

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_BODY_BYTES_MAX: String(BODY_BYTES_MAX) } });
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    summary: Record<string, number>;
    results: Record<string, unknown>[];
  };
  /** How far resident memory grew while the body was sent. */
  readonly grownMib: number;
}

/** Sends a body as it is made, as fast as it is taken. */
async function streams(
  parts: Iterable<string | Buffer>,
  type: string,
  query = '',
): Promise<Answer> {
  const sent = httpRequest(`${tocsin.url}/api/v1/bundles${query}`, {
    method: 'POST',
    headers: { 'x-api-key': alice.key, 'content-type': type },
  });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  const before = process.memoryUsage.rss();
  let most = before;
  let isAnswered = false;
  sent.once('response', () => (isAnswered = true));
  for (const part of parts) {
    // Who was answered early, says no more.
    if (isAnswered) break;
    most = Math.max(most, process.memoryUsage.rss());
    if (!sent.write(part)) await Promise.race([once(sent, 'drain'), answered]);
  }
  sent.end();
  const [response] = await answered;
  const body = (await json(response)) as Answer['body'];
  return { status: response.statusCode ?? 0, body, grownMib: (most - before) / MIB };
}

it('a bundle of a million objects: 413 that names the limit and the way in lines', async () => {
  const before = await rowCounts(tocsin);
  const text = `{"type":"bundle","objects":[${'{},'.repeat(999_999)}{}]}`;
  const { status, body } = await streams([text], 'application/json');
  expect(status).toBe(413);
  expect(body).toMatchObject({ code: 'bundle_too_large', path: '$.objects', limit: 50_000 });
  expect(body['detail']).toMatch(/more than 50000 objects.*application\/x-ndjson/s);
  expect(await rowCounts(tocsin)).toEqual(before);
});

it('a document larger than a body may be: 413 that names the limit and the way in lines', async () => {
  const before = await rowCounts(tocsin);
  const chunk = Buffer.alloc(MIB, ' ');
  const { status, body } = await streams(repeat(chunk, 64), 'application/json');
  expect(status).toBe(413);
  expect(body).toMatchObject({ code: 'body_too_large', limit_bytes: BODY_BYTES_MAX });
  expect(body['detail']).toMatch(/8388608 bytes.*application\/x-ndjson/s);
  expect(await rowCounts(tocsin)).toEqual(before);
});

it('a client that closes the connection, and sends all before it reads, gets that answer too', async () => {
  const { hostname, port } = new URL(tocsin.url);
  const socket = connect({ host: hostname, port: Number(port) });
  const answer = textOf(socket);
  const bytes = 64 * MIB;
  const head = [
    'POST /api/v1/bundles HTTP/1.1',
    `Host: ${hostname}`,
    `X-API-Key: ${alice.key}`,
    'Content-Type: application/json',
    `Content-Length: ${bytes}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  for (const part of repeat(Buffer.alloc(MIB, ' '), 64)) {
    if (!socket.write(part)) await once(socket, 'drain');
    expect(socket.bytesRead).toBe(0);
  }
  expect(await answer).toMatch(/^HTTP\/1\.1 413 .*"code":"body_too_large"/s);
});

it('a line of 300 MB is reported and skipped in bounded memory, and the others are stored', async () => {
  const [first, last] = [indicator(), indicator()];
  function* parts() {
    yield `${JSON.stringify(first)}\n{"type":"indicator","description":"`;
    yield* repeat(Buffer.alloc(MIB, 'a'), 300);
    yield `"}\n${JSON.stringify(last)}`;
  }
  const { status, body, grownMib } = await streams(parts(), 'application/x-ndjson');
  expect(status).toBe(200);
  expect(body.summary).toMatchObject({ created: 2, rejected: 1 });
  expect(body.results).toMatchObject([
    { index: 0, id: first.id, outcome: 'created' },
    { index: 1, outcome: 'rejected', code: 'line_too_long', path: '$' },
    { index: 2, id: last.id, outcome: 'created' },
  ]);
  // What was let go of is not collected at once.
  expect(grownMib).toBeLessThan(160);
});

it('lines beyond what one document may have are taken in bounded memory, one result each', async () => {
  const count = 12_000;
  const hundred = () =>
    Array.from(
      { length: 100 },
      () => `${JSON.stringify(indicator({ description: 'x'.repeat(1000) }))}\r\n`,
    );
  function* lines() {
    for (let i = 0; i < count; i += 100) yield hundred().join('');
  }
  const { status, body } = await streams(lines(), 'application/x-ndjson');
  expect(status).toBe(200);
  expect(body.summary).toMatchObject({ created: count });
  expect(body.results.map(({ index }) => index)).toEqual([...Array(count).keys()]);
});

it('an object larger than one may be is refused for itself', async () => {
  const large = indicator({ description: 'a'.repeat(MIB) });
  const small = indicator();
  const text = JSON.stringify({ type: 'bundle', objects: [large, small] });
  const { body } = await streams([text], 'application/json');
  expect(body.results).toMatchObject([
    { id: large.id, outcome: 'rejected', code: 'object_too_large', path: '$' },
    { id: small.id, outcome: 'created' },
  ]);
});

it.each([
  ['that are not ASCII', 'ü'.repeat(1_000_000)],
  ['as escapes', '\\u00fc'.repeat(1_000_000)],
])(
  'an object of a million characters %s is taken, in a document and in a line',
  async (_, text) => {
    for (const type of ['application/json', 'application/x-ndjson']) {
      const written = JSON.stringify(indicator({ description: '@' })).replace('"@"', `"${text}"`);
      const whole =
        type === 'application/json' ? `{"type":"bundle","objects":[${written}]}` : written;
      expect((await streams([whole], type)).body.summary).toMatchObject({ created: 1 });
    }
  },
);

it('an object that is too large gets the same answer as a line', async () => {
  const large = JSON.stringify(indicator({ description: 'a'.repeat(MIB) }));
  const { body } = await streams([large], 'application/x-ndjson');
  expect(body.results).toMatchObject([{ outcome: 'rejected', code: 'object_too_large' }]);
});

it('long lines are taken in bounded memory', async () => {
  const escaped = '\\u00fc'.repeat(1_000_000);
  function* lines() {
    for (let i = 0; i < 12; i++) {
      yield `${JSON.stringify(indicator({ description: '@' })).replace('"@"', `"${escaped}"`)}\n`;
    }
  }
  const { body, grownMib } = await streams(lines(), 'application/x-ndjson');
  expect(body.summary).toMatchObject({ created: 12 });
  expect(grownMib).toBeLessThan(256);
});

it('lines to be checked are no more than a body may have', async () => {
  const line = `${JSON.stringify(indicator({ description: 'a'.repeat(MIB / 2) }))}\n`;
  const sent = await fetch(`${tocsin.url}/api/v1/validate`, {
    method: 'POST',
    headers: { 'x-api-key': alice.key, 'content-type': 'application/x-ndjson' },
    body: line.repeat(20),
  });
  const limits = { limit_bytes: BODY_BYTES_MAX };
  expect(await sent.json()).toMatchObject({ status: 413, code: 'bundle_too_large', ...limits });
});

it('all or nothing in lines is bounded', async () => {
  const before = await rowCounts(tocsin);
  const thousand = `${JSON.stringify(indicator())}\n`.repeat(1000);
  const answer = await streams(repeat(thousand, 90), 'application/x-ndjson', '?atomic=true');
  expect(answer.status).toBe(413);
  expect(answer.body).toMatchObject({ code: 'bundle_too_large', limit: 50_000 });
  expect(await rowCounts(tocsin)).toEqual(before);
});

it('blank lines are not objects, and a last line needs no end', async () => {
  const body = `\n\n${JSON.stringify(indicator())}\n \t\r\n\n${JSON.stringify(indicator())}`;
  expect((await streams([body], 'application/x-ndjson')).body.summary).toMatchObject({
    created: 2,
  });
  expect((await streams(['\n\n'], 'application/x-ndjson')).body.results).toEqual([]);
});

it('lines without JSON, or with JSON that cannot be stored, are reported by their position', async () => {
  const good = JSON.stringify(indicator());
  const bad = JSON.stringify(indicator({ name: '@' })).replace('@', '\\u0000');
  const body = Buffer.concat([
    Buffer.from(`${good}\nnonsense\n{"a":"`),
    Buffer.from([0xff]),
    Buffer.from(`"}\n${bad}\n[]\n`),
  ]);
  const answer = await streams([body], 'application/x-ndjson');
  expect(answer.body.results.map(({ outcome, code }) => code ?? outcome)).toEqual([
    'created',
    'invalid_json',
    'invalid_json',
    'nul_character',
    'not_an_object',
  ]);
});

it('a bundle as a line is answered with the right content type', async () => {
  const text = JSON.stringify({ type: 'bundle', objects: [indicator()] });
  const { body } = await streams([text], 'application/x-ndjson');
  const detail = expect.stringContaining('as application/json') as string;
  expect(body.results).toMatchObject([{ code: 'nested_bundle', path: '$.type', detail }]);
});

it('all or nothing tells of a line that could not be read what was wrong with it', async () => {
  const before = await rowCounts(tocsin);
  const text = `${JSON.stringify(indicator())}\nnonsense\n`;
  const { status, body } = await streams([text], 'application/x-ndjson', '?atomic=true');
  expect(status).toBe(422);
  expect(body.results).toMatchObject([{ code: 'withheld' }, { index: 1, code: 'invalid_json' }]);
  expect(await rowCounts(tocsin)).toEqual(before);
});

function* repeat<T>(part: T, times: number): Generator<T> {
  for (let i = 0; i < times; i++) yield part;
}
