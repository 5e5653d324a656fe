/** An answer that nobody reads, from every door that can give a long one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
import { collectLog } from '../support/log-lines.ts';
import { neverReads } from '../support/raw-client.ts';
import { startTocsin, type Settings, type Tocsin } from '../support/tocsin.ts';

const MEBIBYTE = 1024 * 1024;
const BUDGET = 64 * MEBIBYTE;
const SETTINGS: Settings = {
  TOCSIN_ANSWER_PAUSE_SECONDS: '1',
  TOCSIN_BYTES_IN_FLIGHT: String(BUDGET),
  TOCSIN_BYTES_PER_ORGANISATION: String(BUDGET / 4),
};
/** More than the kernel takes off the server's hands. */
const LARGE = { description: 'x'.repeat(900_000) };

let tocsin: Tocsin;
let alice: Actor;
/** Has a great many versions. */
let many = '';
const logged = collectLog();

beforeAll(async () => {
  tocsin = await startTocsin({ settings: SETTINGS, logger: logged.logger });
  alice = await anActor(tocsin);
  const object = indicator(LARGE);
  many = object.id;
  for (let minutes = 0; minutes < 16; minutes++) await alice.shares(newer(object, minutes));
  for (let i = 0; i < 4; i++) {
    await alice.shares(Array.from({ length: 4 }, () => indicator(LARGE)));
  }
});
afterAll(() => tocsin.close());

const isCut = (line: Record<string, unknown>) =>
  line['problem'] === 'client_too_slow' && line['aborted'] === true;

const repeated = (path: string, times: number) => Array.from({ length: times }, () => path);

/** What is asked for over one connection, so that it comes to more than the kernel takes. */
const DOORS: Readonly<Record<string, () => readonly string[]>> = {
  'a page of changes': () => repeated('/api/v1/changes?limit=10000', 3),
  'a stream': () => ['/api/v1/stream?after=beginning'],
  'all versions of an object': () => repeated(`/api/v1/objects/${many}?version=all`, 2),
  'a history': () => repeated(`/api/v1/objects/${many}/history`, 2),
  'the OpenAPI document': () => repeated('/openapi.json', 31),
  'the pages of /docs': () => repeated('/docs/static/swagger-ui-bundle.js', 20),
};

const routeOf = (path: string) =>
  path
    .replace(/\?.*/, '')
    .replace(many, ':id')
    .replace(/static\/.*/, 'static/*');

describe('is cut off, and the server gives nothing up for it', () => {
  it.each(Object.entries(DOORS))('%s', async (_, paths) => {
    const { next } = await alice.reads({ limit: 1 });
    const asked = paths().map((path) => path.replace('beginning', next));
    const cut = logged.seen((line) => isCut(line) && line['route'] === routeOf(asked[0] ?? ''));
    const client = await neverReads(tocsin.url, asked, alice.key);
    expect(await client.status).toBe(200);
    await cut;
    client.socket.destroy();
  });

  it('while a client that pauses, and continues in time, gets all of it', async () => {
    const client = await neverReads(tocsin.url, ['/api/v1/changes?limit=10000'], alice.key);
    expect(await client.status).toBe(200);
    const text = await client.rest();
    expect(text).toContain('"more":true}');
    client.socket.destroy();
  });
});

it('many of them hold no more than the budget, and others are served meanwhile', async () => {
  const bob = await anActor(tocsin);
  const hostile = [alice, await alice.as('feed')];
  const before = process.memoryUsage().arrayBuffers;
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  }, 20);
  const clients = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      neverReads(tocsin.url, ['/api/v1/changes?limit=10000'], hostile[i % 2]?.key),
    ),
  );
  const statuses = await Promise.all(clients.map(({ status }) => status));
  await bob.sends('get', '/me').expect(200);
  await bob.sends('get', '/changes').query({ limit: 10_000 }).expect(200);
  clearInterval(sampling);
  for (const { socket } of clients) socket.destroy();
  // Without the budget it would be 40 pages of 8 MiB and more, each twice.
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
  expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
  expect(peak - before).toBeLessThan(3 * BUDGET);
});
