/** Searches that ask for what is another's, for everything, or for nothing that can be understood. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
const label = slug('mark');

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  await alice.shares(Array.from({ length: 7 }, () => indicator({ labels: [label] })));
});
afterAll(() => tocsin.close());

describe('a page', () => {
  it('continues by a cursor of the same search and organisation only', async () => {
    const first = await alice.sends('get', '/indicators').query({ label, limit: 3 });
    const { next } = first.body as { next: string };
    for (const [actor, query] of [
      [alice, { label: 'another', limit: 3 }],
      [alice, { label, order: 'oldest' }],
      [alice, { label, duplicates: 'collapse' }],
      [bob, { label, limit: 3 }],
    ] as const) {
      const { status, body } = await actor
        .sends('get', '/indicators')
        .query({ ...query, after: next });
      expect([status, body]).toEqual([400, expect.objectContaining({ code: 'cursor_invalid' })]);
    }
    const { next: place } = await alice.reads();
    const { status } = await alice.sends('get', '/indicators').query({ label, after: place });
    expect(status).toBe(400);
  });
});

describe('bad input', () => {
  it.each<[object, string, object]>([
    [{ q: 'label:c2 lable:x' }, 'search_syntax', { column: 10 }],
    [{ q: 'confidence>=170' }, 'search_syntax', { column: 13 }],
    [{ q: 'in:0.0.0.0/0' }, 'search_syntax', { column: 4 }],
    [{ q: '%' }, 'search_syntax', { column: 1 }],
    [{ q: 'a\u0000b' }, 'nul_character', {}],
    [{ in_network: '0.0.0.0/0' }, 'invalid_request', { path: 'querystring.in_network[0]' }],
    [{ posted_since: '0000-01-01' }, 'invalid_request', { path: 'querystring.posted_since' }],
    [{ modified_since: '10000-01-01' }, 'invalid_request', { path: 'querystring.modified_since' }],
    [{ audience: 'no-such-group' }, 'audience_unknown', {}],
    [{ type: 'malware' }, 'invalid_request', { path: 'querystring.type' }],
    [
      { confidence_min: 5, q: 'confidence>=7' },
      'invalid_request',
      { path: 'querystring.confidence_min' },
    ],
    [{ lable: 'c2' }, 'invalid_request', { path: 'querystring.lable' }],
    [{ limit: 1001 }, 'invalid_request', { path: 'querystring.limit' }],
    [
      { label: Array.from({ length: 101 }, (_, i) => `l${i}`) },
      'invalid_request',
      { path: 'querystring.label' },
    ],
  ])('is answered with what to do: %j', async (query, code, extra) => {
    const { status, body } = await alice.sends('get', '/indicators').query(query);
    expect([status, body]).toEqual([
      expect.any(Number),
      expect.objectContaining({ code, ...extra }),
    ]);
    expect(status).toBeLessThan(500);
  });

  it('takes a hundred filters at once', async () => {
    const label = Array.from({ length: 60 }, (_, i) => `l${i}`);
    const q = label
      .slice(0, 40)
      .map((text) => `"text ${text}"`)
      .join(' ');
    const { status, body } = await alice.sends('get', '/indicators').query({ label, q });
    expect([status, body]).toEqual([200, expect.objectContaining({ objects: [] })]);
  });
});

describe('searches that take too long', () => {
  it('leave connections to others, however many there are', async () => {
    const owner = new pg.Client({ connectionString: tocsin.databaseUrl });
    await owner.connect();
    await owner.query('begin');
    await owner.query('lock table search_text in access exclusive mode');
    let ended = 0;
    const searches = Array.from({ length: 12 }, () =>
      alice
        .sends('get', '/indicators')
        .query({ label, q: 'nothing' })
        .then(() => ended++),
    );
    const holding = async (): Promise<number> => {
      const [row] = await tocsin.sql<{ count: number }>(
        `select count(*)::integer as count from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'
           and application_name = 'tocsin tocsin_app'`,
      );
      return row?.count ?? 0;
    };
    await expect.poll(holding).toBeGreaterThanOrEqual(2);
    const object = indicator();
    await bob.shares(object);
    await bob.finds(object.id).expect(200);
    // Of the six connections of this server.
    expect([ended, await holding()]).toEqual([0, 2]);
    await owner.query('rollback');
    await owner.end();
    await Promise.all(searches);
  });
});

describe('a search that takes too long', () => {
  it('ends at the limit, and is answered with how to narrow it', async () => {
    await alice.sends('get', '/indicators').query({ label }).expect(200);
    // Another transaction holds the table, as a search that reads everything would hold its connection.
    const owner = new pg.Client({ connectionString: tocsin.databaseUrl });
    await owner.connect();
    await owner.query('begin');
    await owner.query('lock table search_text in access exclusive mode');
    const start = performance.now();
    const { status, body } = await alice.sends('get', '/indicators').query({ label, q: 'nothing' });
    const seconds = (performance.now() - start) / 1000;
    await owner.query('rollback');
    await owner.end();
    expect([status, body]).toEqual([422, expect.objectContaining({ code: 'search_too_broad' })]);
    expect((body as { detail: string }).detail).toContain('Narrow it');
    expect(seconds).toBeGreaterThan(4);
    const after = await alice.sends('get', '/indicators').query({ label, q: 'nothing' });
    expect(after.status).toBe(200);
  });
});
