import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabaseUrl } from '../support/database.ts';

/** Columns that name a row of some table, and have neither a foreign key nor a comment that says why. */
const UNEXPLAINED = `
  select relname || '.' || attname as name
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
    and relname !~ '^_' and attname ~ '(_id|_ref|_owner|(made|wiped|replaced)_by|_by_user)$'
    and not exists (select from pg_constraint where conrelid = c.oid and contype = 'f' and attnum = any(conkey))
    and col_description(c.oid, attnum) is null
  order by 1`;

let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: await testDatabaseUrl() });
  await client.connect();
});
afterAll(() => client.end());

async function unexplained(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(UNEXPLAINED);
  return rows.map(({ name }) => name);
}

describe('a column that names a row of another table', () => {
  it('has a foreign key, or a comment that says why not', async () => {
    expect(await unexplained()).toEqual([]);
  });

  it('would be found without either', async () => {
    await client.query('begin');
    await client.query(
      `alter table attempt drop constraint attempt_subscription_id_fkey;
       comment on column version.audience_id is null;
       alter table worker add column organisation_id integer`,
    );
    const found = await unexplained();
    await client.query('rollback');
    expect(found).toEqual([
      'attempt.subscription_id',
      'version.audience_id',
      'worker.organisation_id',
    ]);
  });
});
