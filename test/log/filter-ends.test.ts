/** What a filter lets through for those whom it sent an object before: its end. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { placesInRange, readRange } from '../../src/log/reader.ts';
import { readerOf, type Reader } from '../../src/sharing/viewer.ts';
import { findLogBounds, type LogFilter } from '../../src/store/content/log.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  webhooks = await receiveWebhooks();
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

/** One of the types of which different audiences may have different versions. */
function identity(overrides: object = {}): PostedObject {
  const { created, modified } = indicator();
  const facts = { spec_version: '2.1', created, modified, name: 'A company' };
  return { type: 'identity', id: `identity--${randomUUID()}`, ...facts, ...overrides };
}

const start = async () => (await findLogBounds(tocsin.db)).head;

/** What a reader gets of the log after a place, by both ways to read it. */
async function readsWith(actor: Actor, filter: LogFilter, after: number, currentTo = 0) {
  await tocsin.sequenced();
  const { viewer } = await memberOfOrganisation(tocsin.db, actor.slug, 'test');
  const { head } = await findLogBounds(tocsin.db);
  const request = { after, limit: 100, filter, currentTo };
  const { rows } = await readRange(tocsin.db, readerOf(viewer), request, head);
  const places = await placesInRange(tocsin.db, readerOf(viewer), request, head);
  expect(places.rows.map(({ seq }) => seq)).toEqual(rows.map(({ seq }) => seq));
  return rows.map(({ content }) => JSON.parse(content ?? 'null') as PostedObject);
}

const FILTERS: [what: string, filter: LogFilter, matching: object, ending: object][] = [
  ['confidence', { confidenceMin: 80 }, { confidence: 90 }, { confidence: 20 }],
  ['confidence from above', { confidenceMax: 50 }, { confidence: 20 }, { confidence: 90 }],
  ['labels', { labels: ['wanted'] }, { labels: ['wanted'] }, { labels: ['other'] }],
  [
    'terms of the content',
    { terms: [['technique:T1566', 'technique:T1059'], ['phase:delivery']] },
    {
      external_references: [{ source_name: 'mitre-attack', external_id: 'T1566.001' }],
      kill_chain_phases: [{ kill_chain_name: 'a', phase_name: 'delivery' }],
    },
    { kill_chain_phases: [{ kill_chain_name: 'a', phase_name: 'exploitation' }] },
  ],
  [
    'all members of a filter',
    { types: ['indicator'], labels: ['wanted'], confidenceMin: 1 },
    { labels: ['wanted'], confidence: 2 },
    { labels: ['wanted'], confidence: 0 },
  ],
];

/** A later version goes to more members only where the request names them. */
const toBoth = () => ({ audience: `${bob.slug},${carol.slug}` });

describe.each(FILTERS)('a filter by %s', (_, filter, matching, ending) => {
  it('lets a revocation through', async () => {
    const after = await start();
    const object = indicator(matching);
    await alice.shares(object);
    await alice.shares(newer(object, 1, ending));
    await alice.shares(newer(object, 2, ending));
    await alice.shares(newer(object, 3, { ...ending, revoked: true }));
    const got = await readsWith(bob, filter, after);
    // The version by which it ceases to match comes, those after it do not.
    expect(got.map(({ modified }) => modified)).toEqual(
      [object, newer(object, 1), newer(object, 3)].map(({ modified }) => modified),
    );
  });

  it('lets nothing through that never matched', async () => {
    const after = await start();
    const object = indicator(ending);
    await alice.shares(object);
    await alice.shares(newer(object));
    expect(await readsWith(bob, filter, after)).toEqual([]);
  });

  it('tells nothing of an older version that the reader does not see', async () => {
    const after = await start();
    const object = indicator(matching);
    await alice.shares(object, { audience: carol.slug });
    const wider = newer(object, 1, ending);
    await alice.shares(wider, toBoth());
    expect(await readsWith(bob, filter, after)).toEqual([]);
    expect(await readsWith(carol, filter, after)).toMatchObject([
      { modified: object['modified'] },
      wider,
    ]);
  });

  it('lets the end through where only others saw the versions in between', async () => {
    const after = await start();
    const object = { ...identity(), ...matching };
    const passing = { ...filter, types: undefined };
    await alice.shares(object);
    await alice.shares({ ...newer(object), ...ending }, { audience: carol.slug });
    await alice.shares({ ...newer(object, 2), ...ending });
    await alice.shares({ ...newer(object, 3), ...ending });
    const modified = [object, newer(object, 2)].map((one) => one['modified']);
    expect(await readsWith(bob, passing, after)).toMatchObject(
      modified.map((one) => ({ modified: one })),
    );
  });

  it('lets a withdrawal through that only a version hides which it leaves out', async () => {
    const after = await start();
    const object = indicator(matching);
    await alice.shares(object);
    await alice.shares(newer(object, 1, ending), { audience: carol.slug });
    await alice.shares(newer(object, 2, ending), toBoth());
    expect(await readsWith(bob, filter, after)).toEqual([null]);
    await alice.shares(newer(object, 3, matching), toBoth());
    expect(await readsWith(bob, filter, after)).toMatchObject([newer(object, 3)]);
  });

  it('loses nothing that matches behind the end of something else', async () => {
    const after = await start();
    const [ended, other] = [indicator(matching), indicator(matching)];
    // For carol, the first of the two rows is an end; for bob it is nothing.
    await alice.shares(ended, { audience: carol.slug });
    await alice.shares([newer(ended, 1, ending), other], toBoth());
    expect(await readsWith(bob, filter, after)).toMatchObject([other]);
    expect(await readsWith(carol, filter, after)).toHaveLength(3);
  });

  it('lets only what matches through among current versions', async () => {
    const after = await start();
    const [dropped, kept] = [indicator(matching), indicator(matching)];
    await alice.shares([dropped, kept]);
    await alice.shares(newer(dropped, 1, ending));
    expect(await readsWith(bob, filter, after, await start())).toMatchObject([{ id: kept.id }]);
  });
});

it('comes to a subscription, whatever its filter', async () => {
  const wish = { filter: { confidence_min: 80, labels: ['wanted'], types: ['indicator'] } };
  const { path } = await subscribes(bob, webhooks, wish);
  const object = indicator({ confidence: 85, labels: ['wanted'] });
  await alice.shares(object);
  await webhooks.until(path, (all) => all.length > 0);
  await alice.shares(newer(object, 1, { confidence: 10, labels: ['other'], revoked: true }));
  const come = await webhooks.until(path, (all) => all.length > 1);
  expect(come.at(-1)?.objects).toMatchObject([{ id: object.id, revoked: true }]);
});

describe('behind many versions that the reader does not see', () => {
  const filter = { labels: ['wanted'] };
  const hidden = (object: PostedObject, count: number) =>
    alice.shares(
      Array.from({ length: count }, (_, i) => newer(object, i + 1)),
      { audience: carol.slug },
    );

  it('an end comes all the same', async () => {
    const after = await start();
    const object = identity({ labels: ['wanted'] });
    await alice.shares(object);
    for (let i = 1; i < 50; i++) await hidden(newer(object, i, { labels: ['other'] }), 1);
    await alice.shares(newer(object, 100, { labels: ['other'] }));
    const got = await readsWith(bob, filter, after);
    expect(got).toMatchObject([{ labels: ['wanted'] }, { labels: ['other'] }]);
  });

  it('a reader who sees none of them receives nothing', async () => {
    const after = await start();
    const object = indicator({ labels: ['wanted'] });
    await hidden(object, 50);
    await alice.shares(newer(object, 100, { labels: ['other'] }), toBoth());
    expect(await readsWith(bob, filter, after)).toEqual([]);
  });

  it.each(['force_custom_plan', 'force_generic_plan'])(
    'the work does not grow with them (%s)',
    async (mode) => {
      const { viewer } = await memberOfOrganisation(tocsin.db, bob.slug, 'test');
      const blocks = async (versions: number): Promise<number> => {
        const object = indicator();
        await hidden(object, versions);
        await alice.shares(newer(object, versions + 1), toBoth());
        const [found] = await tocsin.sql<{ id: string }>(
          `select id::text from version where stix_id = '${object.id}' and not superseded`,
        );
        return blocksOfEnd(mode, readerOf(viewer), found?.id ?? '0');
      };
      const few = await blocks(40);
      expect(await blocks(900)).toBeLessThan(2 * few);
    },
  );
});

/** The blocks that a reader's question for an end touches, asked a second time: the first reads catalogs. */
async function blocksOfEnd(mode: string, reader: Reader, version: string): Promise<number> {
  const client = new pg.Client({
    connectionString: tocsin.databaseUrl,
    options: `-c role=tocsin_app -c plan_cache_mode=${mode}`,
  });
  await client.connect();
  try {
    const { organisationId, realmId, rankMax } = reader;
    await client.query('begin');
    await client.query('select enter_reader($1, $2::smallint, $3::smallint, false)', [
      organisationId,
      realmId,
      rankMax,
    ]);
    const statement = `explain (analyze, buffers, format json)
      select ends_match(row(null, '{wanted}', null, null, null, null)::log_filter, ${version}, false, true)`;
    for (let i = 0; i < 7; i++) await client.query(statement);
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
      statement,
    );
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan ?? {};
    return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
  } finally {
    await client.end();
  }
}
