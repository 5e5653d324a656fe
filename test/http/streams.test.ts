import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { follow, type Following, type StreamEvent } from '../support/follow.ts';
import { collectLog } from '../support/log-lines.ts';
import { neverReads } from '../support/raw-client.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const STREAMS = 300;

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
const logged = collectLog();

beforeAll(async () => {
  tocsin = await startTocsin({
    logger: logged.logger,
    // A stream that nobody reads is there for as long as a test needs it.
    settings: { TOCSIN_ANSWER_PAUSE_SECONDS: '600' },
  });
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
});
afterAll(() => tocsin.close());
afterEach(() => vi.restoreAllMocks());

const idsOf = (events: readonly StreamEvent[]) =>
  events.flatMap(({ event, data }) => (event === 'object' ? (data as { id: string }).id : []));
const isObject = (id: string) => (event: StreamEvent) => idsOf([event])[0] === id;

async function followMany(actor: Actor, count: number): Promise<Following[]> {
  const streams = await Promise.all(Array.from({ length: count }, () => follow(tocsin, actor)));
  await Promise.all(streams.map((stream) => stream.next()));
  return streams;
}

const closeAll = (streams: readonly Following[]) =>
  Promise.all(streams.map((stream) => stream.close()));

/** The parameters of each statement sent from now on, by the first of the given texts that is in it. */
function watchStatements<const Part extends string>(...parts: Part[]) {
  const seen = new Map(parts.map((part) => [part, [] as unknown[][]]));
  const waiting = new Set<() => void>();
  const send = pg.Client.prototype.query;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [statement] = given as [{ text?: string; values?: unknown[] }];
    const part = parts.find((one) => statement.text?.includes(one));
    if (part !== undefined) seen.get(part)?.push(statement.values ?? []);
    for (const look of waiting) look();
    return Reflect.apply(send, this, given);
  });
  const of = (part: Part): unknown[][] => seen.get(part) ?? [];
  const reach = (part: Part, count: number) =>
    new Promise<void>((resolve) => {
      const look = (): void => {
        if (of(part).length >= count) resolve();
      };
      waiting.add(look);
      look();
    });
  return { of, reach };
}

describe(`${STREAMS} streams of one key`, () => {
  it('are checked together while nothing happens, and read nothing', async () => {
    const streams = await followMany(bob, STREAMS);
    const [, keyId = ''] = bob.key.split('_');
    const statements = watchStatements('from api_key k', 'read_log', 'log_bounds()');
    await statements.reach('from api_key k', 3);
    expect(new Set(statements.of('from api_key k').map(String))).toEqual(new Set([keyId]));
    expect(statements.of('read_log')).toEqual([]);
    expect(statements.of('log_bounds()')).toEqual([]);
    await closeAll(streams);
  });

  it('share the reading of what is posted, with those of another key of the organisation', async () => {
    const streams = await followMany(bob, STREAMS);
    const others = await followMany(await bob.as('feed'), 10);
    const statements = watchStatements('read_log');
    const object = indicator();
    await alice.shares(object);
    const seen = await Promise.all(
      [...streams, ...others].map((stream) => stream.until(isObject(object.id))),
    );
    const last = seen.map((events) => events.at(-1));
    expect(new Set(last.map((event) => JSON.stringify(event))).size).toBe(1);
    // One for all, and one more where some of them were woken twice.
    const readers = statements
      .of('read_log')
      .flatMap(([given]) => JSON.parse(String(given)) as unknown[]);
    expect(readers.length).toBeGreaterThan(0);
    expect(readers.length).toBeLessThan(10);
    await closeAll([...streams, ...others]);
  });

  it('end together when it is revoked, also those whose clients read nothing', async () => {
    const carol = await anActor(tocsin);
    const feed = await carol.as('feed');
    const large = Array.from({ length: 30 }, () => indicator({ description: 'x'.repeat(500_000) }));
    const { next } = await carol.reads({ limit: 10_000 });
    await carol.shares(large.slice(0, 15), { audience: carol.slug });
    await carol.shares(large.slice(15), { audience: carol.slug });
    const statements = watchStatements('from api_key k', 'read_log');
    const stalled = await neverReads(tocsin.url, [`/api/v1/stream?after=${next}`], feed.key);
    expect(await stalled.status).toBe(200);
    // It is stalled when nothing is read for it from one check to the next.
    for (let reads = -1; reads < statements.of('read_log').length;) {
      reads = statements.of('read_log').length;
      await statements.reach('from api_key k', statements.of('from api_key k').length + 2);
    }
    const streams = await followMany(feed, STREAMS);
    const [, keyId = ''] = feed.key.split('_');
    await carol.sends('delete', `/keys/${keyId}`).expect(204);
    const ends = await Promise.all(
      streams.map((stream) => stream.until(({ event }) => event === 'problem')),
    );
    for (const events of ends) {
      expect(events.at(-1)?.data).toMatchObject({ code: 'key_revoked' });
    }
    await logged.seen(({ key, aborted }) => key === keyId && aborted === true);
    expect(await stalled.rest()).not.toContain(large.at(-1)?.id);
    await closeAll(streams);
  });
});

it('the quota of objects holds for streams: one beyond it pauses, and continues without a gap', async () => {
  const rated = await tocsin.another(['http'], { TOCSIN_RATE_ROWS: '5' });
  const reader = await anActor(tocsin, { communities: ['alliance'] });
  const sharer = await anActor(tocsin, { communities: ['alliance'] });
  const { next } = await reader.reads({ limit: 10_000 });
  const some = (count: number) => Array.from({ length: count }, () => indicator());
  const [first, second] = [some(8), some(3)];
  await sharer.shares(first);
  const at = { ...tocsin, url: rated.url };
  const stream = await follow(at, reader, { after: next });
  let left = 8;
  const seen = await stream.until(({ event }) => event === 'object' && --left === 0);
  await sharer.shares(second);
  const paused = (await stream.until(({ event }) => event === 'paused')).at(-1);
  expect(paused?.data).toMatchObject({ code: 'rate_limited', retry_after: expect.any(Number) });
  // Another key of the organisation has a quota of its own.
  const other = await follow(at, await reader.as('feed'), { after: next });
  expect(await other.until(isObject(first[0]?.id ?? ''))).toBeDefined();
  await other.close();
  // A client that comes back meanwhile is let in: at an error EventSource would give up permanently.
  const back = await follow(at, reader, { lastEventId: paused?.id ?? '' });
  const fromNow = await follow(at, reader);
  for (const opened of [back, fromNow]) {
    const events = [await opened.next(), await opened.next()];
    expect(events.map((one) => one?.event)).toEqual(['place', 'paused']);
  }
  await fromNow.close();
  // The clock alone is replaced: a minute later the quota is there again.
  const [startMs, startAt] = [performance.now(), Date.now()];
  const later = 61_000;
  vi.spyOn(performance, 'now').mockImplementation(() => startMs + later);
  vi.spyOn(Date, 'now').mockImplementation(() => startAt + later);
  left = 3;
  seen.push(...(await stream.until(({ event }) => event === 'object' && --left === 0)));
  expect(idsOf(seen).toSorted()).toEqual([...first, ...second].map(({ id }) => id).toSorted());
  left = 3;
  const resumed = await back.until(({ event }) => event === 'object' && --left === 0);
  expect(idsOf(resumed).toSorted()).toEqual(second.map(({ id }) => id).toSorted());
  await Promise.all([stream.close(), back.close()]);
});

it('a client that comes back after it was cut off for not reading misses nothing', async () => {
  const server = await tocsin.another(['http'], {
    TOCSIN_ANSWER_PAUSE_SECONDS: '0.5',
  });
  const { next } = await bob.reads({ limit: 10_000 });
  const large = Array.from({ length: 40 }, () => indicator({ description: 'x'.repeat(500_000) }));
  for (let from = 0; from < large.length; from += 10) {
    await alice.shares(large.slice(from, from + 10));
  }
  const [, keyId = ''] = bob.key.split('_');
  const slow = await neverReads(server.url, [`/api/v1/stream?after=${next}`], bob.key);
  await logged.seen(({ key, problem }) => key === keyId && problem === 'client_too_slow');
  const got = await slow.rest();
  const whole = got.slice(0, got.lastIndexOf('\n\n'));
  const lastEventId = /.*\nid: (\S+)/s.exec(whole)?.[1] ?? '';
  const ids = large.map(({ id }) => id);
  const before = ids.filter((id) => whole.includes(`"id":"${id}"`));
  expect(before.length).toBeLessThan(ids.length);
  const stream = await follow({ ...tocsin, url: server.url }, bob, { lastEventId });
  const left = new Set(ids.filter((id) => !before.includes(id)));
  const after = await stream.until((event) => {
    for (const id of idsOf([event])) left.delete(id);
    return left.size === 0;
  });
  expect([...before, ...idsOf(after)].toSorted()).toEqual(ids.toSorted());
  await stream.close();
});
