import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaText } from '../../scripts/schema-text.ts';
import { testDatabaseUrl } from '../support/database.ts';

let client: pg.Client;
let before: string;

beforeAll(async () => {
  client = new pg.Client({ connectionString: await testDatabaseUrl() });
  await client.connect();
  before = await schemaText(client);
});
afterAll(() => client.end());

/** The text with `change` made, which is undone. */
async function after(change: string): Promise<string> {
  await client.query('begin');
  try {
    await client.query(change);
    return await schemaText(client);
  } finally {
    await client.query('rollback');
  }
}

describe('the text of the schema, which npm run check compares', () => {
  it.each([
    ['a column', 'alter table worker add column more text'],
    ['a default', `alter table worker alter column seen_at set default now() + '1 s'`],
    ['a null', 'alter table worker alter column seen_at drop not null'],
    ['a type', 'alter table contact alter column name type varchar(100)'],
    ['a check', 'alter table attempt drop constraint attempt_kind_check'],
    ['a foreign key', 'alter table attempt drop constraint attempt_subscription_id_fkey'],
    ['an index', 'drop index version_union'],
    ['a storage parameter', 'alter table subscription set (fillfactor = 60)'],
    ['a domain', 'alter domain tlp_level drop constraint tlp_level_rank'],
    ['a composite type', 'alter type log_filter add attribute more text'],
    ['a sequence', 'alter sequence union_id_seq as bigint'],
    ['a partition', 'create table inbox_2 partition of inbox for values in (2)'],
    ['row security', 'alter table version no force row level security'],
    ['a policy', 'alter policy visible on version using (true)'],
    ['the roles of a policy', 'alter policy every on audit to tocsin_app'],
    ['a trigger', 'drop trigger end_descendants on api_key'],
    [
      'the body of a function',
      `create or replace function tlp_red() returns smallint language sql immutable as 'select 3::smallint'`,
    ],
    ['how a function runs', 'alter function note_standing() security invoker'],
    ['a view', 'create or replace view known_organisation as select id, slug from organisation'],
    ['whose rights a view has', 'alter view log_served set (security_invoker = false)'],
    ['an aggregate', 'drop aggregate audit_head(bytea, bytea)'],
    ['a right on a table', 'grant select on organisation to tocsin_app'],
    ['a right on a column', 'grant update (slug) on realm to tocsin_server'],
    ['a right on a sequence', 'revoke usage on sequence audit_number from tocsin_app'],
    ['a right on a function', 'grant execute on function purge_object to public'],
    ['a comment', `comment on column audit_leaf.audit_id is 'other'`],
  ])('has %s', async (_, change) => {
    expect(await after(change)).not.toBe(before);
  });

  it('has no partition that the server makes as time passes and the log grows', async () => {
    const change = `select ensure_audit_month('2020-01-01'); select ensure_log_partition(99000000)`;
    expect(await after(change)).toBe(before);
  });

  it('does not name the account that migrates, so that it is that of any migrated database', () => {
    const named = [...before.matchAll(/^create policy .* to (\w+)$/gm)].map(([, role]) => role);
    expect(new Set(named)).toEqual(new Set(['owner', 'tocsin_app', 'tocsin_server']));
    expect(before).not.toMatch(/\bto tocsin;/);
  });
});
