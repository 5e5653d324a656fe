import { DatabaseError } from 'pg';
import type { Client } from 'pg';
import type { BaseLogger } from 'pino';
import { withClient } from './connect.ts';
import { lockMigrations } from './locks.ts';
import { readMigrations } from './migration-files.ts';
import type { Migration } from './migration-files.ts';
import { makeLedger, pendingOf, readLedger, recordApplied } from './migration-ledger.ts';
import { StoreError } from './store-error.ts';

export interface MigrateOptions {
  /** Of the database, as its owner. Not through a pooler: the lock belongs to the session. */
  url: string;
  /** Default: prisma/migrations of the project. */
  directory?: string;
  log: Pick<BaseLogger, 'info'>;
}

export interface MigrateOutcome {
  /** Names of the migrations applied now, in order. */
  applied: string[];
  /** How many the database had. */
  already: number;
}

/** To connect, and for each query, when it is only to be known how things stand. */
const LOOK_MS = 3000;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Brings the database to the code's schema: what is pending is applied in order, each migration in
 * a transaction of its own, and recorded as Prisma records it. Safe in several processes at once.
 * @throws StoreError; the migrations before the one that failed stay applied, of that one nothing
 */
export async function migrate({ url, directory, log }: MigrateOptions): Promise<MigrateOutcome> {
  const migrations = await readMigrations(directory);
  return withClient(url, async (client) => {
    await lockMigrations(client, () => {
      log.info({}, 'waiting for another process that migrates this database');
    });
    const ledger = await readLedger(client);
    const pending = pendingOf(migrations, ledger);
    if (pending.length > 0) await guarded('_prisma_migrations', () => makeLedger(client));
    for (const migration of pending) {
      await guarded(migration.name, () => apply(client, migration));
      log.info({ migration: migration.name }, 'applied a migration');
    }
    return { applied: pending.map(({ name }) => name), already: ledger.length };
  });
}

/**
 * The names of the migrations that the database still lacks. A database that hangs is given up on.
 * @throws StoreError as `migrate` does when code and database are not of one history
 */
export async function pendingMigrations(url: string, directory?: string): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const patience = { connectMs: LOOK_MS, queryMs: LOOK_MS };
  const ledger = await withClient(url, readLedger, patience);
  return pendingOf(migrations, ledger).map(({ name }) => name);
}

/**
 * @throws StoreError `installation_missing` for a database that was never migrated,
 * `migrations_pending` for one of an older version, or as `pendingMigrations`
 */
export async function requireMigrated(url: string): Promise<void> {
  const all = await readMigrations();
  const pending = await pendingMigrations(url);
  if (pending.length === 0) return;
  if (pending.length === all.length) {
    throw new StoreError(
      'installation_missing',
      'The database holds no Tocsin installation yet.',
      'Start "tocsin serve" on it first, or set DATABASE_URL to the database of your server.',
    );
  }
  throw new StoreError(
    'migrations_pending',
    `The database is of an older version: ${pending.length} migrations are pending.`,
    'Run "tocsin migrate", or restart the server with this version.',
  );
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await recordApplied(client, migration);
    await client.query('commit');
  } catch (error) {
    // Where the connection is gone, the server has rolled back already; the first error counts.
    await client.query('rollback').catch(() => undefined);
    throw withLine(error, migration);
  }
}

/** Turns a refusal of the server into one that says what to do. */
async function guarded(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof Error && sqlState(cause) === INSUFFICIENT_PRIVILEGE) {
      throw new StoreError(
        'migration_rights_missing',
        `The account of DATABASE_URL may not do what the migration ${name} needs: ${why}.`,
        'It must own the database and be allowed to create roles: run "alter role … createrole" and "alter database … owner to …" as an administrator.',
        { cause },
      );
    }
    throw new StoreError(
      'migration_failed',
      `The migration ${name} failed and was undone: ${why}.`,
      'Nothing of it is in the database. Run "tocsin migrate" again when the cause is gone.',
      { cause },
    );
  }
}

function sqlState(error: Error): string | undefined {
  const cause = error.cause instanceof DatabaseError ? error.cause : error;
  return cause instanceof DatabaseError ? cause.code : undefined;
}

/** Names the line of migration.sql that the server complained about. */
function withLine(error: unknown, { sql }: Migration): unknown {
  if (!(error instanceof DatabaseError) || error.position === undefined) return error;
  const line = sql.slice(0, Number(error.position) - 1).split('\n').length;
  return new Error(`${error.message} (line ${line})`, { cause: error });
}
