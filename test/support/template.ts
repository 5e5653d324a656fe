import { Client } from 'pg';

/** The rows that the migrations themselves put into a table. */
export interface Seed {
  table: string;
  /** A JSON array for json_populate_recordset. */
  rows: string;
}

/** The same server and account, another database. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Drops the test databases of runs that are no more: no session bears their name. */
export async function dropDeadDatabases(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ datname: string }>(
    `select datname from pg_database
      where datname ~ '^tocsin_test_[0-9a-f]{8}'
        and substr(datname, 1, 20) not in (select application_name from pg_stat_activity)`,
  );
  for (const { datname } of rows) {
    await admin.query(`drop database if exists ${datname} with (force)`);
  }
}

/** Reads the seeds, in the order the tables were made, so that references can be met. */
export async function readSeeds(url: string): Promise<Seed[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const seeds: Seed[] = [];
    for (const table of await tableNames(client)) {
      const { rows } = await client.query<{ rows: string | null }>(
        `select json_agg(seed)::text as rows from ${table} seed`,
      );
      const text = rows[0]?.rows ?? null;
      if (text !== null) seeds.push({ table, rows: text });
    }
    return seeds;
  } finally {
    await client.end();
  }
}

/** All tables but the two ledgers, quoted; partitions are reached through their parent. */
export async function tableNames(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not relispartition and relname !~ '^_'
      order by oid`,
  );
  return rows.map(({ name }) => name);
}
