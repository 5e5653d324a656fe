import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inOrder } from '../../src/store/postgres/definition-files.ts';
import { findPending, migrate } from '../../src/store/postgres/migrate.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { query } from '../support/tocsin-process.ts';

const PRISMA = fileURLToPath(new URL('../../prisma', import.meta.url));
const BASE = `create table thing (n int primary key, secret int);
  insert into thing values (1, 2); alter table thing enable row level security;`;
const GET = `create function get(wanted int) returns int language sql stable
  as 'select n from thing where n = wanted'; grant execute on function get to tocsin_app;`;

let url: string;
let directory: string;

beforeEach(async () => {
  url = await freshDatabaseUrl({ migrated: false });
  directory = await mkdtemp(join(tmpdir(), 'tocsin-definitions-'));
  await write('migrations/1_base/migration.sql', BASE);
  await write('definitions/get.sql', GET);
});
afterEach(() => rm(directory, { recursive: true }));

async function write(path: string, sql: string): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), sql);
}

async function run(): Promise<boolean> {
  return (await migrate({ url, directory, logger: { info: () => undefined } })).defined;
}

/** Functions, views, policies and triggers, by name. */
async function defined(): Promise<unknown[]> {
  const rows = await query(
    url,
    `select proname as name from pg_proc where pronamespace = 'public'::regnamespace
     union all select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
     union all select polname from pg_policy
     union all select tgname from pg_trigger where not tgisinternal order by 1`,
  );
  return rows.map(({ name }) => name);
}

describe('the definitions', () => {
  it('are applied after the migrations, once, and again when a file changes', async () => {
    expect((await findPending(url, directory)).definitions).toEqual(['get']);
    expect([await run(), await run()]).toEqual([true, false]);
    expect(await findPending(url, directory)).toEqual({ migrations: [], definitions: [] });
    await write('definitions/get.sql', GET.replace('select n', 'select secret'));
    expect((await findPending(url, directory)).definitions).toEqual(['get']);
    expect(await run()).toBe(true);
    expect(await query(url, 'select get(1)')).toEqual([{ get: 2 }]);
  });

  it('may change what a function is given and gives, and a policy', async () => {
    await write('definitions/see.sql', 'create policy see on thing to tocsin_app using (n < 1);');
    await run();
    await write(
      'definitions/get.sql',
      `create function get(number int, out n int, out secret int) language sql stable
         as 'select n, secret from thing where n = number';`,
    );
    await write('definitions/see.sql', 'create policy see on thing to tocsin_app using (n < 2);');
    await run();
    expect(await query(url, 'select * from get(1)')).toEqual([{ n: 1, secret: 2 }]);
    expect(
      await query(url, 'select pg_get_expr(polqual, polrelid) as qual from pg_policy'),
    ).toEqual([{ qual: '(n < 2)' }]);
  });

  it('that are gone from the files are gone from the database, whatever they depend on', async () => {
    await write(
      'definitions/more/all.sql',
      `-- Needs: get
       create view one as select get(1) as n;
       create view two as select n from one;
       create function refuse() returns trigger language plpgsql as 'begin return null; end';
       create trigger refuse before delete on thing for each row execute function refuse();
       create function add(a int, b int) returns int language sql immutable as 'select a + b';
       create aggregate total(int) (sfunc = add, stype = int);
       create policy see on thing to tocsin_app using (n = get(n));
       grant select on thing to tocsin_app; grant update (secret) on thing to tocsin_server;`,
    );
    await run();
    expect(await defined()).toEqual([
      'add',
      'get',
      'one',
      'refuse',
      'refuse',
      'see',
      'total',
      'two',
    ]);
    await rm(join(directory, 'definitions/more'), { recursive: true });
    expect((await findPending(url, directory)).definitions).toEqual(['more/all']);
    await run();
    expect(await defined()).toEqual(['get']);
    const rights = `select has_table_privilege('tocsin_app', 'thing', 'select') as app,
      has_any_column_privilege('tocsin_server', 'thing', 'update') as server`;
    expect(await query(url, rights)).toEqual([{ app: false, server: false }]);
  });

  it('leave alone what somebody else defined in the database', async () => {
    await run();
    await query(url, `create function theirs() returns int language sql as 'select 1'`);
    await write('definitions/get.sql', `${GET} create view one as select 1 as n;`);
    await run();
    expect(await defined()).toEqual(['get', 'one', 'theirs']);
  });

  it('come back after a migration that had to drop one', async () => {
    await write('definitions/one.sql', 'create view one as select n, secret from thing;');
    await run();
    await write(
      'migrations/2_more/migration.sql',
      'drop view one; alter table thing alter column secret type bigint;',
    );
    expect(await run()).toBe(true);
    expect(await query(url, 'select pg_typeof(secret)::text as type from one')).toEqual([
      { type: 'bigint' },
    ]);
  });

  it('are changed all together or not at all, and the file and line at fault are named', async () => {
    await run();
    await write('definitions/add.sql', `create view one as select 1 as n;`);
    await write(
      'definitions/bad.sql',
      `create view two as select 1 as n;\ncreate view three as\n  select x from thing;`,
    );
    await expect(run()).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringMatching(/definitions .*"x" does not exist \(bad, line 3\)/),
    });
    expect(await defined()).toEqual(['get']);
    expect(await query(url, 'select get(1)')).toEqual([{ get: 1 }]);
  });

  it('whose bodies do not fit the schema are refused, though files may call each other in circles', async () => {
    await write(
      'definitions/a.sql',
      `create function a(n int) returns int language sql as 'select case n when 0 then 0 else b(n - 1) end';`,
    );
    await write(
      'definitions/b.sql',
      `create function b(n int) returns int language sql as 'select a(n)';`,
    );
    await run();
    expect(await query(url, 'select a(3)')).toEqual([{ a: 0 }]);
    await write(
      'definitions/b.sql',
      `create function b(n int) returns int language sql as 'select m from thing';`,
    );
    await expect(run()).rejects.toThrow(/"m" does not exist/);
  });

  it('let nobody call a function but those to whom a file grants it', async () => {
    await write(
      'definitions/own.sql',
      `create function own() returns int language sql as 'select 1';`,
    );
    await run();
    const may = `select proname, has_function_privilege('tocsin_app', oid, 'execute') as app,
        has_function_privilege('tocsin_server', oid, 'execute') as server
      from pg_proc where proname in ('get', 'own') order by 1`;
    expect(await query(url, may)).toEqual([
      { proname: 'get', app: true, server: false },
      { proname: 'own', app: false, server: false },
    ]);
  });
});

describe('the order of the definitions', () => {
  const file = (name: string, ...needs: string[]) => ({ name, needs, sql: '', checksum: '' });

  it('is that of the names, but for what a file needs', () => {
    const names = inOrder([file('a', 'c'), file('b'), file('c', 'd'), file('d')]).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['d', 'c', 'a', 'b']);
  });

  it.each([
    [[file('a', 'b')], /a needs b, which does not exist/],
    [[file('a', 'b'), file('b', 'a')], /b needs a, which needs it in turn/],
  ])('cannot be found where needs are not met', (files, message) => {
    expect(() => inOrder(files)).toThrow(message);
  });
});

describe('the migrations of Tocsin', () => {
  it('hold tables and data alone: what can be replaced is among the definitions', async () => {
    const offences: string[] = [];
    for (const name of await readdir(join(PRISMA, 'migrations'))) {
      const sql = await readFile(join(PRISMA, 'migrations', name, 'migration.sql'), 'utf8');
      const found =
        /^\s*(?:create (?:or replace )?(?:function|view|trigger|policy|aggregate)|grant .* on (?!schema)).*/im.exec(
          sql,
        );
      if (found !== null) offences.push(`${name}: ${found[0]}`);
    }
    expect(offences).toEqual([]);
  });
});
