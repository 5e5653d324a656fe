/**
 * The functions, views, triggers, policies and rights of the database: what its files say, and nothing
 * else. When a file changes, all are dropped and created again in one transaction, since `create or
 * replace` can neither change a function's result nor replace a policy, nor drop what no file defines any more.
 */
import type { Client } from 'pg';
import type { Definition } from './definition-files.ts';

/** Beside Prisma's ledger. `objects` are what the file made, as DROP names it. */
const LEDGER = `create table if not exists _tocsin_definitions (
  name        text primary key,
  checksum    text not null,
  objects     text[] not null,
  applied_at  timestamptz not null default now()
)`;

/** The names of the definitions that the database has differently, or that only one of the two has. */
export async function findDiffering(
  client: Client,
  definitions: readonly Definition[],
): Promise<string[]> {
  const applied = new Map((await readLedger(client)).map((row) => [row.name, row.checksum]));
  const differing = definitions.filter(({ name, checksum }) => applied.get(name) !== checksum);
  const names = new Set(definitions.map(({ name }) => name));
  const gone = [...applied.keys()].filter((name) => !names.has(name));
  return [...differing.map(({ name }) => name), ...gone].toSorted();
}

interface LedgerRow {
  readonly name: string;
  readonly checksum: string;
  readonly objects: string[];
}

async function readLedger(client: Client): Promise<LedgerRow[]> {
  const { rows } = await client.query<{ present: boolean }>(
    `select to_regclass('_tocsin_definitions') is not null as present`,
  );
  if (rows[0]?.present !== true) return [];
  const ledger = await client.query<LedgerRow>(
    'select name, checksum, objects from _tocsin_definitions',
  );
  return ledger.rows;
}

/**
 * Replaces what was defined before by `definitions`, in the transaction that the caller has begun.
 * `run` executes one of them, and says where it fails.
 */
export async function applyDefinitions(
  client: Client,
  definitions: readonly Definition[],
  run: (definition: Definition) => Promise<void>,
): Promise<void> {
  await client.query(LEDGER);
  await dropAll(client, await readLedger(client));
  await client.query('delete from _tocsin_definitions');
  // Functions call one another in circles; their bodies are checked when all are there.
  await client.query('set local check_function_bodies = off');
  const known = new Set(await findObjects(client));
  for (const definition of definitions) {
    await run(definition);
    const objects = (await findObjects(client)).filter((object) => !known.has(object));
    for (const object of objects) known.add(object);
    await client.query(
      'insert into _tocsin_definitions (name, checksum, objects) values ($1, $2, $3)',
      [definition.name, definition.checksum, objects],
    );
  }
  await client.query('set local check_function_bodies = on');
  await closeFunctions(client);
}

/** Functions, views and policies of the schema. Triggers belong to their functions. */
async function findObjects(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ object: string }>(`
    select case prokind when 'a' then 'aggregate ' else 'function ' end || oid::regprocedure as object
    from pg_proc where pronamespace = current_schema()::regnamespace
    union all
    select 'view ' || oid::regclass
    from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'v'
    union all
    select format('policy %I on %s', polname, polrelid::regclass)
    from pg_policy join pg_class c on c.oid = polrelid
    where relnamespace = current_schema()::regnamespace`);
  return rows.map(({ object }) => object);
}

async function dropAll(client: Client, ledger: readonly LedgerRow[]): Promise<void> {
  const objects = ledger.flatMap((row) => row.objects);
  const ofKind = (kind: string): string[] =>
    objects
      .filter((object) => object.startsWith(`${kind} `))
      .map((object) => object.slice(kind.length + 1));
  for (const policy of ofKind('policy')) await client.query(`drop policy if exists ${policy}`);
  await dropTriggers(client, ofKind('function'));
  // In one statement each, since those of one kind may depend on one another.
  for (const kind of ['view', 'aggregate', 'function']) {
    const names = ofKind(kind);
    if (names.length > 0) await client.query(`drop ${kind} if exists ${names.join(', ')}`);
  }
  await revokeRights(client);
}

/** Also those that a function made on a partition. */
async function dropTriggers(client: Client, functions: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ trigger: string }>(
    `select format('%I on %s', tgname, tgrelid::regclass) as trigger from pg_trigger
     where not tgisinternal and tgparentid = 0
       and tgfoid = any(select to_regprocedure(name) from unnest($1::text[]) as name)`,
    [functions],
  );
  for (const { trigger } of rows) await client.query(`drop trigger ${trigger}`);
}

/** What the roles may do with tables and sequences, columns included. */
async function revokeRights(client: Client): Promise<void> {
  const { rows } = await client.query<{ thing: string }>(`
    select case relkind when 'S' then 'sequence ' else 'table ' end || oid::regclass as thing
    from pg_class c
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'S')
      and relowner = current_user::regrole
      and (relacl is not null or exists (
        select from pg_attribute where attrelid = c.oid and attacl is not null))`);
  for (const { thing } of rows) {
    await client.query(`revoke all on ${thing} from tocsin_app, tocsin_server`);
  }
}

/** Checks the body of every function against the schema, and lets nobody call one to whom no file grants it. */
async function closeFunctions(client: Client): Promise<void> {
  await client.query(`
    do $$
    declare
      routine record;
    begin
      for routine in
        select p.oid, p.oid::regprocedure as name, l.lanname from pg_proc p
          join pg_language l on l.oid = p.prolang
          join _tocsin_definitions d on array['function ' || p.oid::regprocedure,
            'aggregate ' || p.oid::regprocedure] && d.objects
      loop
        execute format('revoke execute on routine %s from public', routine.name);
        case routine.lanname
          when 'sql' then perform fmgr_sql_validator(routine.oid);
          when 'plpgsql' then perform plpgsql_validator(routine.oid);
          else null;
        end case;
      end loop;
    end
    $$`);
}
