import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabaseUrl } from '../support/database.ts';

/** A table as schema.prisma or as the database has it. */
interface Table {
  /** `name type [null]`, sorted. */
  readonly columns: string[];
  /** `primary|unique|index (columns)`, sorted. */
  readonly keys: string[];
}

const TYPES: Record<string, string> = {
  Int: 'integer',
  'Int SmallInt': 'smallint',
  BigInt: 'bigint',
  String: 'text',
  'String Inet': 'inet',
  'String Uuid': 'uuid',
  Boolean: 'boolean',
  Bytes: 'bytea',
  Json: 'jsonb',
  'DateTime Date': 'date',
  'DateTime Timestamptz': 'timestamp(6) with time zone',
};

const LINES = readFileSync(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8');

function readSchema(): Map<string, Table> {
  const tables = new Map<string, Table>();
  for (const [, body = ''] of LINES.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)) {
    const lines = body.split('\n').map((line) => line.trim());
    const name = /^@@map\("(\w+)"\)/m.exec(lines.join('\n'))?.[1];
    if (name === undefined) throw new Error(`A model without @@map: ${body}`);
    tables.set(name, readModel(lines.filter((line) => line !== '' && !line.startsWith('//'))));
  }
  return tables;
}

function readModel(lines: readonly string[]): Table {
  const fields = lines.filter((line) => !line.startsWith('@@')).map(readField);
  const names = new Map(fields.map(({ field, column }) => [field, column]));
  const lists = lines.filter((line) => line.startsWith('@@'));
  const keys = [
    ...fields.flatMap((one) => one.keys),
    ...lists.flatMap((line) => readKey(line, names)),
  ];
  return { columns: fields.map(({ sql }) => sql).toSorted(), keys: keys.toSorted() };
}

function readField(line: string) {
  const [field = '', type = '', mark = ''] = wordsOf(line);
  const column = /@map\("(\w+)"\)/.exec(line)?.[1] ?? field;
  const native = /@db\.(\w+)/.exec(line)?.[1];
  const name = TYPES[native === undefined ? type : `${type} ${native}`];
  if (name === undefined) throw new Error(`A type that this test does not know: ${line}`);
  const sql = `${column} ${name}${{ '[]': '[]', '?': ' null' }[mark] ?? ''}`;
  const keys = [
    ...(/\s@id\b/.test(line) ? [`primary (${column})`] : []),
    ...(/\s@unique\b/.test(line) ? [`unique (${column})`] : []),
  ];
  return { field, column, sql, keys };
}

/** Name, type and mark of a field. */
function wordsOf(line: string): (string | undefined)[] {
  return /^(\w+)\s+(\w+)(\?|\[\])?/.exec(line)?.slice(1) ?? [];
}

/** `@@id`, `@@unique` or `@@index` as the database says it; nothing for what is none of them. */
function readKey(line: string, names: ReadonlyMap<string, string>): string[] {
  const [, kind, list = ''] = /^@@(id|unique|index)\(\[([^\]]*)\]/.exec(line) ?? [];
  if (kind === undefined) return [];
  const columns = list.split(',').map((text) => {
    const [field = '', ...rest] = text.trim().replace('(sort: Desc)', ' desc').split(' ');
    return [names.get(field) ?? field, ...rest].join(' ');
  });
  return [`${kind === 'id' ? 'primary' : kind} (${columns.join(', ')})`];
}

let client: pg.Client;
const database = new Map<string, Table>();

beforeAll(async () => {
  client = new pg.Client({ connectionString: await testDatabaseUrl() });
  await client.connect();
  const { rows } = await client.query<Table & { name: string }>(`
    select relname as name,
      array(select attname || ' ' || coalesce(format_type(nullif(typbasetype, 0), typtypmod), format_type(atttypid, atttypmod))
          || case when attnotnull or attndims > 0 then '' else ' null' end
        from pg_attribute join pg_type t on t.oid = atttypid where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
      array(select case when indisprimary then 'primary' when indisunique then 'unique' else 'index' end
          || ' (' || regexp_replace(pg_get_indexdef(indexrelid), '^.* USING btree \\((.*)\\)$', '\\1') || ')'
        from pg_index join pg_class i on i.oid = indexrelid join pg_am on pg_am.oid = i.relam
        where indrelid = c.oid and indpred is null and amname = 'btree') as keys
    from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      and not relispartition and relname !~ '^_'`);
  for (const { name, columns, keys } of rows) {
    const lower = keys.map((key) => key.replaceAll(' DESC', ' desc').replaceAll('"', ''));
    database.set(name, { columns: columns.toSorted(), keys: lower.toSorted() });
  }
});
afterAll(() => client.end());

describe('schema.prisma', () => {
  it('has every table of the migrated database, and no other', () => {
    expect([...readSchema().keys()].toSorted()).toEqual([...database.keys()].toSorted());
  });

  it.each([...readSchema().keys()])('has the columns, keys and indexes of %s', (name) => {
    expect(readSchema().get(name)).toEqual(database.get(name));
  });

  it('leaves times and random ids to the database: the client would take its own', () => {
    expect(LINES.match(/@default\((?:now|uuid|cuid|nanoid|ulid)\(.*/g)).toBeNull();
    expect(LINES.match(/@updatedAt/g)).toBeNull();
  });
});
