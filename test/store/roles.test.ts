import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor } from '../support/actors.ts';
import { indicator, newer, relationship } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** What holds shared content, or tells of it. */
const CONTENT = ['version', 'observable', 'link', 'inbox', 'log'];
const GUARDED = [
  ...CONTENT,
  'subscription',
  'attempt',
  'dead_letter',
  'audit',
  'audience_part',
  'audit_leaf',
  'purged_witness',
];

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin();
  const [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
  const object = indicator();
  await alice.shares([object, relationship(object.id, indicator().id)]);
  await alice.shares(newer(object), { audience: bob.slug });
  await bob.sends('post', '/subscriptions').send({ url: 'http://127.0.0.1:9/' });
  await tocsin.sql(
    `with s as (select id, organisation_id from subscription limit 1), a as (
       insert into attempt (subscription_id, organisation_id, webhook_id, kind, outcome, objects,
         withdrawn, bytes, from_seq, to_seq, started_at, duration_ms)
       select id, organisation_id, 'm', 'test', 'failed', 0, 0, 0, 0, 0, now(), 1 from s)
     , leaf as (insert into audit_leaf select 1000000, 1000000, organisation_id, now(), sha256(''), sha256(''), 1, sha256('') from s)
     , gone as (insert into purged_object (realm_id, stix_id, actor, reason_hash) values (1, 'x', '', sha256('')))
     , witness as (insert into purged_witness select 1, 'x', organisation_id from s)
     insert into dead_letter (subscription_id, seq, organisation_id, stix_id, detail)
     select id, 1, organisation_id, 'x', '' from s`,
  );
});
afterAll(() => tocsin.close());

async function as<T>(role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: tocsin.databaseUrl,
    options: `-c role=${role}`,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Every table and partition on which a role has a right to read. */
async function readable(role: string): Promise<string[]> {
  const rows = await tocsin.sql<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'p', 'v', 'm') and has_any_column_privilege($1::text, oid, 'select') order by 1`,
    [role],
  );
  return rows.map(({ name }) => name);
}

describe('tocsin_app', () => {
  it('without a viewer sees no row in any table that it may read', async () => {
    const tables = await readable('tocsin_app');
    expect(tables).toEqual(
      expect.arrayContaining(['version', 'observable', 'log', 'attempt', 'audit']),
    );
    await as('tocsin_app', async (client) => {
      for (const table of tables.filter((name) => name !== 'inbox_turn')) {
        const { rows } = await client.query(`select count(*)::int as rows from ${table}`);
        expect([table, rows[0].rows]).toEqual([table, 0]);
      }
    });
    // It answers only if a viewer has been entered, for every role.
    await as('tocsin_app', async (client) => {
      await client.query(`select set_config('tocsin.organisation', '1', false)`);
      const { rows } = await client.query('select count(*)::int as rows from known_organisation');
      expect(rows[0].rows).toBeGreaterThan(0);
    });
    const guarded = tables.filter((name) => name !== 'known_organisation');
    const [filled] = await tocsin.sql(
      `select ${guarded.map((name) => `(select count(*) from ${name})::int as ${name}`).join(', ')}`,
    );
    for (const [table, rows] of Object.entries(filled ?? {})) {
      expect([table, Number(rows) > 0]).toEqual([table, true]);
    }
  });

  it('sees none after the transaction of a viewer on the same connection', async () => {
    await as('tocsin_app', async (client) => {
      await client.query('begin');
      await client.query(
        `select set_config('tocsin.realm', '1', true), set_config('tocsin.ceiling', '4', true),
           set_config('tocsin.audiences', (select '{' || string_agg(n::text, ',') || '}' from generate_series(1, 50) n), true)`,
      );
      const seen = await client.query('select from version');
      await client.query('commit');
      const after = await client.query('select from version');
      expect([seen.rowCount, after.rowCount]).toEqual([3, 0]);
    });
  });

  it('reads no partition by its own name, no key, no member', async () => {
    await as('tocsin_app', async (client) => {
      for (const table of [
        'log_0',
        'inbox',
        'inbox_0',
        'inbox_1',
        'api_key',
        'organisation',
        'audience',
      ]) {
        await expect(client.query(`select from ${table}`)).rejects.toThrow('permission denied');
      }
    });
  });

  it.each([
    ['change a content', `update version set content = '{}'`],
    ['delete a version', 'delete from version'],
    ['write the log', 'insert into log select * from log'],
    ['turn row security off', 'set row_security = off; select from version'],
    ['truncate', 'truncate version'],
    ['alter a policy', 'drop policy visible on version'],
  ])('may not %s', async (_, statement) => {
    await as('tocsin_app', async (client) => {
      const refusal = /permission denied|row-level|must be owner/;
      await expect(client.query(statement)).rejects.toThrow(refusal);
    });
  });

  it('writes in the name of its viewer only', async () => {
    await as('tocsin_app', async (client) => {
      await client.query('begin');
      await client.query(
        `select set_config('tocsin.organisation', '2', true), set_config('tocsin.realm', '1', true)`,
      );
      const insert = `insert into observable (version_id, ordinal, realm_id, organisation_id,
        audience_id, tlp, role, kind, value, key)
        values (1, 99, 1, 3, 1, 0, 0, 'x', 'x', gen_random_uuid())`;
      await expect(client.query(insert)).rejects.toThrow('row-level security');
      await client.query('rollback');
    });
  });
});

describe('tocsin_server', () => {
  it('has no right of any kind on shared content', async () => {
    const rows = await tocsin.sql(
      `select relname, privilege from pg_class, unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as privilege
        where relnamespace = 'public'::regnamespace
          and relname ~ '^(${CONTENT.join('|')})(_[0-9]+)?$'
          and (has_table_privilege('tocsin_server', oid, privilege)
            or privilege in ('select', 'insert', 'update')
              and has_any_column_privilege('tocsin_server', oid, privilege))`,
    );
    expect(rows).toEqual([]);
  });
});

describe('row security', () => {
  it('is on and forced on every table with content or of one organisation', async () => {
    const rows = await tocsin.sql<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace
         and relrowsecurity and relforcerowsecurity order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(GUARDED.toSorted());
  });

  it('is there for everything with content that tocsin_app may read', async () => {
    const open = (await readable('tocsin_app')).filter((name) => !GUARDED.includes(name));
    // known_organisation has names alone, and none without a viewer (see above).
    const views = ['log_served', 'version_leveled', 'version_told'];
    expect(open).toEqual(['inbox_turn', 'known_organisation', ...views].toSorted());
    // Views over what is guarded, which ask what their reader may see, not their owner.
    for (const name of views) {
      expect(
        await tocsin.sql('select reloptions from pg_class where relname = $1', [name]),
      ).toEqual([{ reloptions: ['security_invoker=true'] }]);
    }
  });

  // log_classes asks about one row for all that agree in these.
  it.each([
    ['log', ['audience_id', 'kind', 'realm_id', 'tlp']],
    ['version', ['audience_id', 'organisation_id', 'realm_id', 'tlp']],
  ])('looks, of what is read of %s, at what makes its classes', async (table, columns) => {
    const rows = await tocsin.sql<{ name: string }>(
      `select distinct attname as name
       from pg_policy p
         join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
         join pg_attribute a on d.refclassid = 'pg_class'::regclass and d.refobjid = polrelid
           and a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attnum > 0
       where polrelid = '${table}'::regclass and polcmd in ('r', '*')
         and 'tocsin_app'::regrole = any(polroles)
       order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(columns);
  });

  it('looks besides only at the parts of audiences, which never change', async () => {
    const rows = await tocsin.sql<{ name: string }>(
      `select distinct d.refobjid::regclass::text as name
       from pg_policy p join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
       where polrelid in ('log'::regclass, 'version'::regclass)
         and d.refclassid = 'pg_class'::regclass and d.refobjid <> polrelid`,
    );
    expect(rows).toEqual([{ name: 'audience_part' }]);
    const [may] = await tocsin.sql(
      `select has_table_privilege('tocsin_app', 'audience_part', 'insert, update, delete') as app,
         has_table_privilege('tocsin_server', 'audience_part', 'update') as server`,
    );
    expect(may).toEqual({ app: false, server: false });
  });

  it('is bypassed by neither role', async () => {
    const rows = await tocsin.sql(
      `select rolname from pg_roles where rolname like 'tocsin\\_%'
         and rolname in ('tocsin_app', 'tocsin_server') and (rolsuper or rolbypassrls or rolcanlogin)`,
    );
    expect(rows).toEqual([]);
  });
});
