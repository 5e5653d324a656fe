import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, inject } from 'vitest';
import { databaseUrl, tableNames } from './template.ts';

const { adminUrl, template, seeds } = inject('testDatabase');
const made: string[] = [];
let own: Promise<string> | undefined;

afterAll(async () => {
  for (const name of made) await drop(name);
});

/** By force, unless that meets a worker of the server's own, which only waiting gets rid of. */
async function drop(name: string): Promise<void> {
  try {
    await asAdmin(`drop database if exists ${name} with (force)`);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('terminate process'))) throw error;
    await asAdmin(`drop database if exists ${name}`);
  }
}

/** The URL, as the owner, of this test file's own migrated database; made at the first call. */
export function testDatabaseUrl(): Promise<string> {
  return (own ??= freshDatabaseUrl());
}

/** A database nobody else has, migrated or empty, dropped after the file's last test. */
export async function freshDatabaseUrl({ migrated = true } = {}): Promise<string> {
  const name = `${template}_${randomBytes(4).toString('hex')}`;
  made.push(name);
  await asAdmin(`create database ${name} template ${migrated ? template : 'template0'}`);
  return databaseUrl(adminUrl, name);
}

/**
 * Brings a test database back to what the migrations left, without ending its connections. Numbers
 * from sequences continue from where they were.
 */
export async function resetDatabase(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const tables = (await tableNames(client)).join(', ');
    const inserts = seeds.map(
      ({ table, rows }) =>
        `insert into ${table} overriding system value
         select * from json_populate_recordset(null::${table}, ${client.escapeLiteral(rows)});`,
    );
    // The audit refuses to be emptied.
    const guarded = await guardedTables(client);
    const off = guarded.map((table) => `alter table ${table} disable trigger user;`).join('\n');
    const on = off.replaceAll('disable', 'enable');
    await client.query(`begin; ${off} truncate ${tables}; ${inserts.join('\n')} ${on} commit;`);
  });
}

/** Tables and partitions with triggers, quoted. */
async function guardedTables(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select distinct tgrelid::regclass::text as name from pg_trigger where not tgisinternal`,
  );
  return rows.map(({ name }) => name);
}

function asAdmin(sql: string): Promise<void> {
  return withClient(adminUrl, async (client) => {
    await client.query(sql);
  });
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
