/** What a page of the log costs the database, counted in rows. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { readerOf } from '../../src/sharing/viewer.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** Objects of each of two sharers. */
const EACH = 300;

let tocsin: Tocsin;
let sharers: Actor[];
let reader: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  sharers = [await anActor(tocsin, { communities }), await anActor(tocsin, { communities })];
  reader = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
});

it('looks a sharer up once, however many rows of a page are its', async () => {
  const { head: after } = await findLogBounds(tocsin.db);
  for (const sharer of sharers) {
    await sharer.shares(Array.from({ length: EACH }, () => indicator()));
  }
  await expect.poll(async () => (await findLogBounds(tocsin.db)).head).toBe(after + 2 * EACH);
  await tocsin.sql('analyze version');
  await tocsin.sql('analyze log');
  const { viewer } = await memberOfOrganisation(tocsin.db, reader.slug, 'test');
  const { organisationId, realmId, rankMax, cleared } = readerOf(viewer);
  const wanted = JSON.stringify([
    {
      number: 0,
      organisation: organisationId,
      realm: realmId,
      ceiling: rankMax,
      cleared,
      after,
      up_to: after + 2 * EACH,
      current_to: 0,
      row_max: 2 * EACH,
      bytes_max: 1e9,
    },
  ]);
  const counted = await tocsin.db.content.$transaction(async (tx) => {
    const rowsOf = async (): Promise<number> => {
      const [row] = await tx.$queryRaw<{ rows: number }[]>`
        select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as rows
        from pg_stat_xact_all_tables where relid = 'organisation'::regclass`;
      return row?.rows ?? 0;
    };
    const before = await rowsOf();
    const rows = await tx.$queryRaw<{ sharer: string }[]>`
      select sharer from read_log(${wanted}::json) order by seq`;
    return { sharers: rows.map(({ sharer }) => sharer), looked: (await rowsOf()) - before };
  });
  expect(counted.sharers).toEqual(
    sharers.flatMap((one) => Array.from({ length: EACH }, () => one.slug)),
  );
  // A few to identify the reader, and one for each sharer.
  expect(counted.looked).toBeLessThan(EACH / 3);
});
