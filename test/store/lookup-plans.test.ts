/** Every question of look-up is answered by an index under row security, however its statement is planned. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/sharing/viewer.ts';
import {
  findByKeys,
  findInRange,
  findListed,
  findNetworksAround,
  findHashes,
  findRelated,
  findSharedVersions,
  findWithin,
} from '../../src/store/content/lookup.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { asViewer, type Tx } from '../../src/store/postgres/transaction.ts';
import { testDatabaseUrl } from '../support/database.ts';

const ROWS = 200_000;
const FILL_MS = 240_000;
/** Half of the rows are of an audience that the viewer is not in. */
const FILL = `
  with made as (
    select i, 1 + i / 4 % 2 as part,
      case i % 4 when 0 then 'ipv4-addr' when 1 then 'domain-name' when 2 then 'sha256' else 'ipv4-cidr' end as kind
    from generate_series(1, $1::integer) as i
  ), saved as (
    insert into version (id, realm_id, organisation_id, stix_id, type, modified, audience_id, tlp, revoked,
      content_hash, content, audit_id)
    overriding system value
    select i, 1, part, 'indicator--' || i, case i % 5 when 0 then 'relationship' else 'malware' end, now(), part, 1,
      false, '', '{"name":"x"}', 0
    from made
  ), linked as (
    insert into link (version_id, ordinal, realm_id, organisation_id, audience_id, tlp, property, target)
    select i, n, 1, part, part, 1, case n when 0 then 'source_ref' else 'target_ref' end, 'indicator--' || i + n
    from made, generate_series(0, 1) as n where i % 5 = 0
  )
  insert into observable (version_id, ordinal, realm_id, organisation_id, audience_id, tlp, role, file, kind, value,
    key, address, domain)
  select i, 0, 1, part, part, 1, 0, case i % 4 when 2 then 1 end, kind, 'value-' || i, md5(i::text)::uuid,
    case i % 4 when 0 then '10.0.0.0'::inet + i when 3 then set_masklen('11.0.0.0'::inet + i::bigint * 16, 28) end,
    case i % 4 when 1 then 'com.example.host-' || i || '.' end
  from made`;

/** A member of the second audience, whose own rows are nowhere. */
const VIEWER: Viewer = {
  organisationId: 99,
  realmId: 1,
  audiences: [2],
  ceiling: 3,
  cleared: false,
  self: 99,
};

let db: Database;
let keys: string[];

beforeAll(async () => {
  const url = await testDatabaseUrl();
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query(FILL, [ROWS]);
  for (const table of ['observable', 'version', 'link'])
    await owner.query(`vacuum analyze ${table}`);
  const found = await owner.query<{ key: string }>(
    `select key::text from observable where version_id % 400 in (1, 5) order by version_id limit 500`,
  );
  keys = found.rows.map(({ key }) => key.replaceAll('-', ''));
  await owner.end();
  db = openDatabase({ url, poolMax: 2, onError: () => undefined });
}, FILL_MS);
afterAll(() => db.close());

/** The visible rows of a kind: every eighth, by its first one. */
const visible = (first: number, step = 8): number[] =>
  Array.from({ length: 500 }, (_, i) => first + i * step);
const idsOf = (numbers: readonly number[]): string[] => numbers.map((i) => `indicator--${i}`);
/** An address within the network of a row. */
const within = (i: number): string => `11.0.${(i >> 4) & 255}.${((i & 15) << 4) + 5}`;

/** Each question with 500 things that exist; the most rows that its answer may read. */
const QUESTIONS: readonly (readonly [
  name: string,
  ask: (tx: Tx) => Promise<unknown[]>,
  rowsMax: number,
])[] = [
  ['by key', (tx) => findByKeys(tx, 1, [...keys, ...keys.map(reversed)], 20), 1000],
  [
    'networks around addresses',
    (tx) => findNetworksAround(tx, 1, visible(7).map(within), 20),
    2000,
  ],
  ['addresses in a network', (tx) => findWithin(tx, 1, ['10.0.1.0/24', '10.1.0.0/26'], 20), 500],
  [
    'hashes of a file',
    (tx) =>
      findHashes(
        tx,
        visible(6).map((i) => ({ versionId: String(i), file: 1 })),
      ),
    1500,
  ],
  ['versions by id', (tx) => findListed(tx, visible(4).map(String), 1_000_000), 1500],
  ['sharing of objects', (tx) => findSharedVersions(tx, 1, idsOf(visible(4))), 2500],
  ['what is related', (tx) => findRelated(tx, 1, idsOf(visible(5, 40))), 6000],
  [
    'a range of keys',
    (tx) =>
      findInRange(tx, 1, { from: 'abc'.padEnd(32, '0'), to: 'abc'.padEnd(32, 'f'), limit: 1000 }),
    500,
  ],
];

function reversed(key: string): string {
  return key.split('').toReversed().join('');
}

interface Scans {
  readonly table: string;
  readonly sequential: number;
  readonly rows: number;
}

const scansOf = (tx: Tx): Promise<Scans[]> =>
  tx.$queryRaw<Scans[]>`
    select relname::text as "table", seq_scan::integer as sequential,
      (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::integer as rows
    from pg_stat_xact_user_tables where relname in ('observable', 'version', 'link')`;

/** What a question reads. The counters may hold what the connection did before. */
async function readBy(tx: Tx, ask: () => Promise<unknown[]>) {
  const before = await scansOf(tx);
  const found = (await ask()).length;
  const after = await scansOf(tx);
  const read = after.map(({ table, sequential, rows }) => {
    const earlier = before.find((one) => one.table === table);
    return {
      table,
      sequential: sequential - (earlier?.sequential ?? 0),
      rows: rows - (earlier?.rows ?? 0),
    };
  });
  return { found, read, rows: read.reduce((sum, { rows }) => sum + rows, 0) };
}

describe.each(['force_custom_plan', 'force_generic_plan'])('with %s', (mode) => {
  it.each(QUESTIONS)('%s', async (_, ask, rowsMax) => {
    const { found, read, rows } = await asViewer(db, VIEWER, async (tx) => {
      await tx.$queryRaw`select set_config('plan_cache_mode', ${mode}, true)`;
      return readBy(tx, () => ask(tx));
    });
    expect(found).toBeGreaterThan(0);
    expect(read.filter(({ sequential }) => sequential > 0)).toEqual([]);
    expect(rows).toBeLessThan(rowsMax);
  });
});

it('is red where row security drops the index: the operator of networks may leak', async () => {
  const { rows } = await asViewer(db, VIEWER, (tx) =>
    readBy(
      tx,
      () =>
        tx.$queryRaw`select version_id::text from observable where address <<= '10.0.1.0/24'::inet`,
    ),
  );
  expect(rows).toBeGreaterThan(ROWS / 10);
});
