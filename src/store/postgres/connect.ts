import { Client } from 'pg';
import { LOCK_LIMIT } from './locks.ts';
import { StoreError } from './store-error.ts';

/** PostgreSQL 16 brought what the roles' grants rely on. */
const OLDEST_MAJOR = 16;

/** A server that took the connection may hang all the same. */
const CONNECT_MS = 10_000;

interface Patience {
  readonly connectMs?: number;
  /** For each query; without end unless given. */
  readonly queryMs?: number;
}

/**
 * Lends a connection of its own, outside every pool, and ends it afterwards.
 * @throws StoreError `database_unreachable` or `postgres_too_old`
 */
export async function withClient<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  { connectMs = CONNECT_MS, queryMs }: Patience = {},
): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'tocsin',
    connectionTimeoutMillis: connectMs,
    options: LOCK_LIMIT,
    ...(queryMs === undefined ? {} : { query_timeout: queryMs }),
  });
  // A connection that breaks fails the query that waits on it; unheard, the event would end us.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw unreachable(client, cause);
  }
  try {
    const { rows } = await client.query<{ version: string }>(
      `select current_setting('server_version_num') as version`,
    );
    refuseOldServer(Number(rows[0]?.version));
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @throws StoreError `postgres_too_old`; `versionNumber` is that of PostgreSQL: 160004 for 16.4 */
export function refuseOldServer(versionNumber: number): void {
  const major = Math.floor(versionNumber / 10_000);
  if (major >= OLDEST_MAJOR) return;
  throw new StoreError(
    'postgres_too_old',
    `The database runs on PostgreSQL ${major}; Tocsin needs ${OLDEST_MAJOR} or later.`,
    'Upgrade it, or unset DATABASE_URL to use the embedded PostgreSQL.',
  );
}

function unreachable(client: Client, cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new StoreError(
    'database_unreachable',
    `Cannot connect to PostgreSQL at ${client.host}:${client.port} (database ${client.database ?? '(none)'}, user ${client.user ?? '(none)'}): ${why}.`,
    'Check DATABASE_URL, and that the server runs and accepts this account.',
    { cause },
  );
}
