/** Many who read the end of the log at once: each gets exactly what it would have read by itself. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { readEnd, readRange, type ReadRequest } from '../../src/log/reader.ts';
import { readerOf } from '../../src/sharing/viewer.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

async function readersOf(actors: readonly Actor[]) {
  const members = await Promise.all(
    actors.map((actor) => memberOfOrganisation(tocsin.db, actor.slug, 'test')),
  );
  return members.map(({ viewer }) => readerOf(viewer));
}

async function inAlliance(count: number): Promise<Actor[]> {
  const communities = [slug()];
  return Promise.all(Array.from({ length: count }, () => anActor(tocsin, { communities })));
}

async function head(): Promise<number> {
  await tocsin.sequenced();
  return (await findLogBounds(tocsin.db)).head;
}

it('reads for each what it sees, wherever it begins and whatever it wants', async () => {
  const actors = await inAlliance(4);
  const [sharer, one, two] = actors;
  if (sharer === undefined || one === undefined || two === undefined) throw new Error();
  const start = await head();
  const replaced = indicator();
  await sharer.shares([replaced, indicator(), indicator({ labels: ['wanted'] })]);
  await sharer.shares(indicator(), { audience: one.slug });
  await sharer.shares(indicator(), { audience: two.slug });
  await sharer.shares(indicator({ labels: ['wanted'] }), { audience: `${one.slug},${two.slug}` });
  await sharer.shares(newer(replaced), { audience: one.slug });
  const end = await head();
  const readers = await readersOf(actors);
  const asked = readers.flatMap((reader) =>
    [start, start + 2, end - 2, end].flatMap((after) =>
      [1, 3, 100].flatMap((limit) =>
        [{}, { filter: { labels: ['wanted'] } }, { currentTo: end }, { bytesMax: 900 }].map(
          (rest) => ({ reader, request: { after, limit, ...rest } satisfies ReadRequest }),
        ),
      ),
    ),
  );
  // All at once, so that they are read by few statements; then one by one.
  const together = await Promise.all(
    asked.map(({ reader, request }) => readEnd(tocsin.db, reader, request, end)),
  );
  for (const [i, { reader, request }] of asked.entries()) {
    expect(together[i], JSON.stringify(request)).toEqual(
      await readRange(tocsin.db, reader, request, end),
    );
  }
  const sizes = together.map((page) => page?.rows.length ?? 0);
  expect(Math.min(...sizes)).toBe(0);
  expect(Math.max(...sizes)).toBeGreaterThan(4);
});

it('looks up each organisation once, however many of its subscriptions read', async () => {
  const actors = await inAlliance(3);
  const start = await head();
  await actors[0]?.shares(Array.from({ length: 5 }, () => indicator()));
  const end = await head();
  const readers = await readersOf(actors);
  await tocsin.sql('create sequence looked_up');
  await tocsin.sql('grant usage on sequence looked_up to public');
  const [source] = await tocsin.sql<{ text: string }>(
    `select pg_get_functiondef('viewer_of'::regproc) as text`,
  );
  const counted = (source?.text ?? '').replace('begin', `begin perform nextval('looked_up');`);
  await tocsin.sql(counted);
  try {
    const pages = await Promise.all(
      [0, 1, 2, 3].flatMap((begin) =>
        readers.map((reader) =>
          readEnd(tocsin.db, reader, { after: start + begin, limit: 100 }, end),
        ),
      ),
    );
    expect(pages.map((page) => page?.rows.length)).toEqual([5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2]);
    const [{ last_value: lookedUp } = {}] = await tocsin.sql<{ last_value: string }>(
      'select last_value from looked_up',
    );
    expect(Number(lookedUp)).toBe(readers.length);
    // Those who see the same are given the same rows.
    expect(pages[0]?.rows).toBe(pages[2]?.rows);
  } finally {
    await tocsin.sql(source?.text ?? '');
    await tocsin.sql('drop sequence looked_up');
  }
});

it('leaves to each by itself what is too far from the end, or too large to be read together', async () => {
  const [sharer, reader] = await inAlliance(2);
  if (sharer === undefined || reader === undefined) throw new Error();
  const [them] = await readersOf([reader]);
  if (them === undefined) throw new Error();
  const start = await head();
  await sharer.shares(
    Array.from({ length: 12 }, () => indicator({ x_large: 'x'.repeat(900_000) })),
  );
  const large = await head();
  const request = { after: start, limit: 500 };
  expect(await readEnd(tocsin.db, them, request, large)).toBeUndefined();
  const whole = await readRange(tocsin.db, them, request, large);
  expect(whole.rows.length).toBeGreaterThan(5);
  expect(await readEnd(tocsin.db, them, { after: large - 1, limit: 1 }, large)).toBeDefined();
  expect(await readEnd(tocsin.db, them, request, start + 501)).toBeUndefined();
});
