/** Bundles and lines made to cost the server more than they cost their sender. */
import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, keyOf, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const KIB = 1024;

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe('a bundle that takes more work than its bytes tell', () => {
  const send = (path: string, body: string) =>
    fetch(`${tocsin.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': alice.key },
      body,
    });
  const bundleOf = (object: string, count: number) =>
    `{"type":"bundle","objects":[${Array(count).fill(object).join(',')}]}`;

  it.each(['validate', 'bundles'])('%s: its objects are counted first', async (path) => {
    const answer = await send(path, bundleOf('{"a":1,"a":2}', 60_000));
    const refusal = { code: 'bundle_too_large', path: '$.objects', limit: 50_000 };
    expect(await answer.json()).toMatchObject({ status: 413, ...refusal });
  });

  it.each(['validate', 'bundles'])('%s: its values are counted first', async (path) => {
    const ones = `[${'1,'.repeat(100_000)}1]`;
    const inside = await send(path, bundleOf(ones, 2));
    expect(await inside.json()).toMatchObject({
      results: [
        path === 'validate'
          ? { errors: [{ code: 'too_many_values' }] }
          : { code: 'too_many_values' },
        {},
      ],
    });
    const all = await send(path, bundleOf(ones, 60));
    expect(await all.json()).toMatchObject({ code: 'too_many_values', limit: 5_000_000 });
    const around = await send(path, `{"type":"bundle","x":${ones},"objects":[]}`);
    expect(await around.json()).toMatchObject({ status: 413, code: 'too_many_values' });
    expect(await (await send(path, ones)).json()).toMatchObject({ code: 'too_many_values' });
  });

  it.each(['validate', 'bundles?dry_run=true'])(
    '%s: others are answered meanwhile',
    async (path) => {
      let isDone = false;
      const body = bundleOf('{"type":"indicator","a":1,"a":2}', 20_000);
      const sent = send(path, body).finally(() => (isDone = true));
      let answers = 0;
      while (!isDone) {
        await fetch(`${tocsin.url}/healthz`);
        answers += 1;
      }
      expect((await sent).status).toBe(200);
      // In one pass there would be two or three.
      expect(answers).toBeGreaterThan(10);
    },
  );
});

it('lines that nobody waits for any more are not read to their end', async () => {
  const watcher = await keyOf(tocsin, alice.slug, 'admin');
  const rejected = async (): Promise<number> => {
    const asked = request(tocsin.url).get('/metrics').set('x-api-key', watcher);
    const { text } = await asked.expect(200);
    return Number(/^tocsin_objects_total\{outcome="rejected"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  const before = await rejected();
  // Small enough to be received whole, and no bomb: a block that repeats, with something new each time.
  const block = Array.from({ length: 500 }, () => Math.random().toString(36).slice(2, 5));
  const blocks = Array.from({ length: 1000 }, (_, i) => [...block, `${i} ${Math.random()}`]);
  const body = gzipSync(blocks.flat().join('\n'));
  expect(body.length).toBeLessThan(64 * KIB);
  const leaving = new AbortController();
  const headers = { 'x-api-key': alice.key, 'content-encoding': 'gzip' };
  const left = fetch(`${tocsin.url}/api/v1/bundles?dry_run=true`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-ndjson' },
    body: new Uint8Array(body),
    signal: leaving.signal,
  }).catch(() => 'left');
  await expect.poll(rejected).toBeGreaterThan(before);
  leaving.abort();
  expect(await left).toBe('left');
  // As long as it reads on, the count grows.
  const counts: number[] = [];
  const isStill = async (): Promise<boolean> => {
    counts.unshift(await rejected());
    return counts.length > 5 && counts.slice(0, 5).every((count) => count === counts[0]);
  };
  await expect.poll(isStill, { interval: 300, timeout: 60_000 }).toBe(true);
  expect((counts[0] ?? 0) - before).toBeLessThan(500_000);
});
