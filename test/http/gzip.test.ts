import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { rowCounts } from '../support/row-counts.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_BODY_BYTES_MAX: String(4 * 1024 * 1024) } });
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

async function post(body: Buffer, encoding: string, type = 'application/json', query = '') {
  const response = await fetch(`${tocsin.url}/api/v1/bundles${query}`, {
    method: 'POST',
    headers: { 'x-api-key': alice.key, 'content-type': type, 'content-encoding': encoding },
    body: new Uint8Array(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const text = () => JSON.stringify(bundle([indicator(), indicator()]));

it.each(['gzip', 'GZIP', 'x-gzip'])('takes a bundle under %s', async (encoding) => {
  const answer = await post(gzipSync(text()), encoding);
  expect(answer).toMatchObject({ status: 200, body: { summary: { created: 2 } } });
});

it('takes lines under gzip, in several members', async () => {
  const members = [indicator(), indicator(), indicator()].map((one) =>
    gzipSync(`${JSON.stringify(one)}\n`),
  );
  const answer = await post(Buffer.concat(members), 'gzip', 'application/x-ndjson');
  expect(answer).toMatchObject({ status: 200, body: { summary: { created: 3 } } });
});

it('takes what is not encoded, and says so', async () => {
  expect((await post(Buffer.from(text()), 'identity')).status).toBe(200);
});

it('takes one object whose text repeats itself a lot', async () => {
  const object = indicator({ description: 'a'.repeat(900_000) });
  const answer = await post(gzipSync(JSON.stringify(bundle([object]))), 'gzip');
  expect(answer).toMatchObject({ status: 200, body: { summary: { created: 1 } } });
});

describe('lines that fail on their way', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, () => `${JSON.stringify(indicator())}\n`).join('');
  const failing: [string, (text: string) => Buffer, object][] = [
    [
      'cut off',
      (text) => gzipSync(text).subarray(0, -10),
      { status: 400, code: 'invalid_request', path: 'content-encoding' },
    ],
    [
      'a bomb behind them',
      (text) => Buffer.concat([gzipSync(text), gzipSync(Buffer.alloc(400 * 1024 * 1024, ' '))]),
      { status: 413, code: 'body_too_large' },
    ],
  ];

  it.each(failing)(
    '%s: says what was stored before, and may be sent again',
    async (_, fail, problem) => {
      const text = lines(2600);
      const { body } = await post(fail(text), 'gzip', 'application/x-ndjson');
      const summary = { created: 2500, updated: 0, unchanged: 0, stale: 0, rejected: 0 };
      expect(body).toMatchObject({ ...problem, summary });
      expect(body['detail']).toMatch(
        /Of 2500 objects before that, 2500 are stored and shared.*You can send the whole body again/,
      );
      const again = await post(gzipSync(text), 'gzip', 'application/x-ndjson');
      expect(again.body).toMatchObject({ summary: { created: 100, unchanged: 2500 } });
    },
  );

  it.each(['atomic', 'dry_run'])('%s: nothing is kept, and nothing told of', async (option) => {
    const before = await rowCounts(tocsin);
    const cut = gzipSync(lines(2600)).subarray(0, -10);
    const { body } = await post(cut, 'gzip', 'application/x-ndjson', `?${option}=true`);
    expect(body).toMatchObject({ status: 400, detail: 'The body is truncated or corrupt gzip' });
    expect(body).not.toHaveProperty('summary');
    expect(await rowCounts(tocsin)).toEqual(before);
  });
});

describe('refuses, and stores nothing', () => {
  const whole = gzipSync(text());
  const broken = Buffer.from(whole);
  broken.fill(0, 20, 60);
  // The checksum is in the last bytes.
  const altered = Buffer.from(whole);
  altered[whole.length - 6] = (altered[whole.length - 6] ?? 0) ^ 1;
  const cases: [string, () => Buffer, string, object][] = [
    [
      'what is not gzip',
      () => Buffer.from(text()),
      'gzip',
      { status: 400, code: 'invalid_request', path: 'content-encoding' },
    ],
    [
      'broken gzip',
      () => broken,
      'gzip',
      { status: 400, code: 'invalid_request', path: 'content-encoding' },
    ],
    [
      'gzip cut off',
      () => whole.subarray(0, -10),
      'gzip',
      { status: 400, code: 'invalid_request' },
    ],
    ['gzip with a wrong checksum', () => altered, 'gzip', { status: 400, code: 'invalid_request' }],
    [
      'another encoding',
      () => Buffer.from(text()),
      'br',
      { status: 415, code: 'content_encoding_unsupported' },
    ],
    [
      'gzip in gzip',
      () => gzipSync(whole),
      'gzip, gzip',
      { status: 415, code: 'content_encoding_unsupported' },
    ],
    [
      'more than a body may have',
      () => gzipSync(incompressible(5)),
      'gzip',
      { status: 413, code: 'body_too_large' },
    ],
    [
      'a gzip bomb',
      () => gzipSync(Buffer.alloc(200 * 1024 * 1024, ' ')),
      'gzip',
      { status: 413, code: 'body_too_large' },
    ],
  ];
  it.each(cases)('%s', async (_, body, encoding, problem) => {
    const before = await rowCounts(tocsin);
    const answer = await post(body(), encoding);
    expect(answer.body).toMatchObject(problem);
    expect(answer.status).toBe(answer.body['status']);
    expect(await rowCounts(tocsin)).toEqual(before);
  });

  it('a gzip bomb of lines, in bounded memory', async () => {
    const bomb = gzipSync(Buffer.alloc(400 * 1024 * 1024, ' '));
    const before = process.memoryUsage.rss();
    const answer = await post(bomb, 'gzip', 'application/x-ndjson');
    expect(answer.body).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
  });
});

/** So many MiB of JSON that gzip makes little smaller. */
function incompressible(mebibytes: number): string {
  const parts: string[] = [];
  for (let bytes = 0; bytes < mebibytes * 1024 * 1024; bytes += 16) {
    parts.push(`"${Math.random().toString(36).slice(2, 12)}",`);
  }
  return `[${parts.join('')}1]`;
}
