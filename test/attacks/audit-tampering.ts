/** Every way to tamper with one row or column of the audit's tables, made from the catalogue. */
import type pg from 'pg';

/** A case with its SQL, which runs as the owner of the database once `keepTables` ran. */
export interface Tampering {
  readonly name: string;
  readonly sql: string;
}

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  /** Of the primary key. */
  readonly isKey: boolean;
  /** Of a unique index, so that a value that another row has is refused. */
  readonly isUnique: boolean;
}

/** The tables, the base of partitions among them, and no partition. */
const TABLES = `select c.relname as table, c.oid from pg_class c
  where c.relkind in ('r', 'p') and not c.relispartition
    and c.relnamespace = current_schema()::regnamespace
    and (c.relname like 'audit%' or c.relname = 'disclosure')`;

const COLUMNS = `select t.table, a.attname as column, format_type(a.atttypid, null) as type,
    not a.attnotnull as nullable,
    coalesce(bool_or(i.indisprimary), false) as "isKey", count(i) > 0 as "isUnique"
  from (${TABLES}) as t join pg_attribute a on a.attrelid = t.oid
  left join pg_index i on i.indrelid = t.oid and i.indisunique and a.attnum = any(i.indkey)
  where a.attnum > 0 and not a.attisdropped
  group by t.table, a.attname, a.atttypid, a.attnotnull, a.attnum order by t.table, a.attnum`;

const SEQUENCES = `select relname as name from pg_class
  where relkind = 'S' and relname like 'audit%'`;

/** Other values of a type, for a column. */
const OTHERS: Readonly<Record<string, (column: string) => readonly string[]>> = {
  smallint: (c) => [`coalesce(${c}, 0) + 1`],
  integer: (c) => [`coalesce(${c}, 0) + 1`],
  bigint: (c) => [`${c} + 1`, `${c} - 1`],
  text: (c) => [`coalesce(${c}, '') || 'x'`],
  jsonb: (c) => [`${c} || '{"x": 1}'`],
  uuid: () => ['gen_random_uuid()'],
  inet: (c) => [`coalesce(${c} + 1, '192.0.2.1')`],
  bytea: (c) => [`set_byte(${c}, 5, get_byte(${c}, 5) # 1)`],
  date: (c) => [`${c} + 1`, `${c} - 31`],
  'timestamp with time zone': (c) => [`${c} + interval '1 hour'`, `${c} - interval '1 day'`],
};

function othersOf({ table, column, type, isUnique }: Column): readonly string[] {
  if (isUnique && type === 'bigint') {
    return [`(select max(${column}) + 1000 from kept.${table})`, `-1000 - ${column}`];
  }
  const others = OTHERS[type];
  if (others === undefined) throw new Error(`Say how to tamper with ${type} (${table}.${column})`);
  return others(column);
}

/** Rows that are evidence: of the audit itself, those in the tree. */
function victims(table: string): string {
  return table === 'audit' ? 'id in (select audit_id from audit_leaf)' : 'true';
}

/** Takes two rows out, as tables `one` and `two` that differ in `column`, and puts them back changed. */
function rewrite({ table, column }: Column, key: readonly string[], change: string): string {
  const same = (other: string): string =>
    key.map((name) => `t.${name} = ${other}.${name}`).join(' and ');
  // From the end, where the next larger value of a key is free.
  const keys = key.map((name) => `${name} desc`).join();
  const order = `order by (${column} is null), ${keys} limit 1`;
  const from = `from ${table} where ${victims(table)}`;
  return `create temp table one on commit drop as select * ${from} ${order};
    create temp table two on commit drop as select * ${from}
      and ${column} is distinct from (select ${column} from one) ${order};
    delete from ${table} t using one where ${same('one')};
    delete from ${table} t using two where ${same('two')};
    ${change};
    insert into ${table} select * from one; insert into ${table} select * from two`;
}

function ofColumn(one: Column, key: readonly string[], varies: boolean): Tampering[] {
  const { table, column } = one;
  const name = `${table}.${column}`;
  const altered = othersOf(one).map((other, i) => ({
    name: `alter ${name}${i === 0 ? '' : ' downwards'}`,
    sql: rewrite(one, key, `update one set ${column} = ${other}`),
  }));
  const swapped = {
    name: `swap ${name}`,
    sql: rewrite(
      one,
      key,
      `create temp table was on commit drop as select ${column} from one;
       update one set ${column} = two.${column} from two;
       update two set ${column} = was.${column} from was`,
    ),
  };
  const cleared = {
    name: `clear ${name}`,
    sql: rewrite(one, key, `update one set ${column} = null`),
  };
  return [...altered, ...(varies ? [swapped] : []), ...(one.nullable ? [cleared] : [])];
}

function ofTable(table: string, columns: readonly Column[]): Tampering[] {
  const key = columns.filter(({ isKey }) => isKey).map(({ column }) => column);
  const row = (direction: string): string => `(${key.join()}) = (select ${key.join()}
    from ${table} where ${victims(table)}
    order by ${key.map((column) => `${column} ${direction}`).join()} limit 1)`;
  const fresh = columns
    .filter(({ isUnique, type }) => isUnique && type !== 'timestamp with time zone')
    .map((column) => `${column.column} = ${othersOf(column)[0]}`);
  return [
    { name: `remove the first of ${table}`, sql: `delete from ${table} where ${row('asc')}` },
    { name: `remove the last of ${table}`, sql: `delete from ${table} where ${row('desc')}` },
    { name: `remove all of ${table}`, sql: `delete from ${table}` },
    {
      name: `insert into ${table}`,
      sql: `create temp table one on commit drop as select * from ${table} where ${row('asc')};
        update one set ${fresh.join()}; insert into ${table} select * from one`,
    },
  ];
}

/** All of them, once `keepTables` ran. What is added to the tables later is among them by itself. */
export async function everyTampering(owner: pg.Client): Promise<Tampering[]> {
  const { rows: columns } = await owner.query<Column>(COLUMNS);
  const { rows: sequences } = await owner.query<{ name: string }>(SEQUENCES);
  const tables = Map.groupBy(columns, ({ table }) => table);
  const tamperings: Tampering[] = [];
  for (const [table, own] of tables) {
    tamperings.push(...ofTable(table, own));
    const key = own.filter(({ isKey }) => isKey).map(({ column }) => column);
    for (const one of own) {
      const { rows } = await owner.query<{ count: number }>(
        `select count(distinct ${one.column}::text)::integer as count from ${table}
         where ${victims(table)}`,
      );
      tamperings.push(...ofColumn(one, key, (rows[0]?.count ?? 0) > 1));
    }
  }
  const ofSequences = sequences.flatMap(({ name }) => [
    { name: `lower ${name}`, sql: `select setval('${name}', 1)` },
    { name: `raise ${name}`, sql: `select setval('${name}', 1000000)` },
    {
      name: `rewind ${name}`,
      sql: `select setval('${name}', (select max(id) from audit), false)`,
    },
  ]);
  return [...tamperings, ...ofSequences];
}

/** What an owner does first: switches every trigger off and drops what refers to other tables. */
const DISARM = `select format('alter table %s disable trigger user', tgrelid::regclass) as sql
    from pg_trigger where not tgisinternal
  union
  select format('alter table %s drop constraint %I', conrelid::regclass, conname)
    from pg_constraint join (${TABLES}) as t on t.oid = conrelid
    where contype = 'f' and conparentid = 0`;

/** Keeps a copy of every table and sequence, and disarms them; the function returned restores them. */
export async function keepTables(owner: pg.Client): Promise<() => Promise<void>> {
  const { rows } = await owner.query<{ table: string }>(TABLES);
  const tables = rows.map(({ table }) => table);
  await owner.query('create schema kept');
  for (const table of tables) {
    await owner.query(`create table kept.${table} as select * from ${table}`);
  }
  await owner.query('create table kept.number as select last_value, is_called from audit_number');
  const { rows: disarming } = await owner.query<{ sql: string }>(DISARM);
  for (const { sql } of disarming) await owner.query(sql);
  return async () => {
    const restore = tables.map(
      (table) => `delete from ${table}; insert into ${table} select * from kept.${table};`,
    );
    await owner.query(`begin; ${restore.join('')}
      select setval('audit_number', last_value, is_called) from kept.number; commit`);
  };
}
