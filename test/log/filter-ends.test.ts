/** What a filter lets through for those whom it sent an object before: its end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memberOfOrganisation } from '../../src/organisations/authenticate.ts';
import { placesInRange, readRange } from '../../src/log/reader.ts';
import { readerOf } from '../../src/sharing/viewer.ts';
import { findLogBounds, type LogFilter } from '../../src/store/log.ts';
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
  ['labels', { labels: ['wanted'] }, { labels: ['wanted'] }, { labels: ['other'] }],
  [
    'all members of a filter',
    { types: ['indicator'], labels: ['wanted'], confidenceMin: 1 },
    { labels: ['wanted'], confidence: 2 },
    { labels: ['wanted'], confidence: 0 },
  ],
];

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
    await alice.shares(wider);
    expect(await readsWith(bob, filter, after)).toEqual([]);
    expect(await readsWith(carol, filter, after)).toMatchObject([
      { modified: object['modified'] },
      wider,
    ]);
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

it.each(['force_custom_plan', 'force_generic_plan'])(
  'costs the same however many versions an object had (%s)',
  async (mode) => {
    const blocks = async (versions: number): Promise<number> => {
      const object = indicator();
      const all = Array.from({ length: versions }, (_, i) => newer(object, i));
      await alice.shares(all);
      const [found] = await tocsin.sql<{ id: string }>(
        `select id::text from version where stix_id = '${object.id}' and not superseded`,
      );
      const statement = `explain (analyze, buffers, format json)
        select set_config('plan_cache_mode', '${mode}', false), previous_version(${found?.id ?? 0})`;
      // The first call reads catalogs, too.
      await tocsin.sql(statement);
      const [answer] = await tocsin.sql<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
        statement,
      );
      const plan = answer?.['QUERY PLAN'][0]?.Plan ?? {};
      return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
    };
    const few = await blocks(3);
    expect(await blocks(600)).toBeLessThan(3 * few);
  },
);
