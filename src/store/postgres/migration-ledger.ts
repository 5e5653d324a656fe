import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Migration } from './migration-files.ts';
import { StoreError } from './store-error.ts';

/** A row of `_prisma_migrations` that was not rolled back. */
interface LedgerRow {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

/** Prisma's own definition, so that `prisma migrate deploy` finds the table as it left it. */
const LEDGER = `create table if not exists _prisma_migrations (
  id                  varchar(36) primary key not null,
  checksum            varchar(64) not null,
  finished_at         timestamptz,
  migration_name      varchar(255) not null,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

export async function makeLedger(client: Client): Promise<void> {
  await client.query(LEDGER);
}

/** Records `migration` as Prisma would, in the transaction that applied it. */
export async function recordApplied(client: Client, migration: Migration): Promise<void> {
  await client.query(
    `insert into _prisma_migrations
       (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     values ($1, $2, $3, now(), clock_timestamp(), 1)`,
    [randomUUID(), migration.checksum, migration.name],
  );
}

/** Names and states of what the database has, in no order; nothing where there is no ledger yet. */
export async function readLedger(client: Client): Promise<LedgerRow[]> {
  const { rows } = await client.query<{ present: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as present`,
  );
  if (rows[0]?.present !== true) return [];
  const ledger = await client.query<LedgerRow>(
    `select migration_name, checksum, finished_at is not null as finished
       from _prisma_migrations where rolled_back_at is null`,
  );
  return ledger.rows;
}

/**
 * The migrations that are still to be applied.
 * @throws StoreError `migration_failed`, `database_newer_than_code` or `migration_altered` when the
 * ledger and the code cannot be of one history
 */
export function pendingOf(migrations: Migration[], ledger: LedgerRow[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of ledger) {
    const migration = known.get(row.migration_name);
    if (!row.finished) throw halfApplied(row.migration_name);
    if (migration === undefined) throw newerThanCode(row.migration_name);
    if (migration.checksum !== row.checksum) throw altered(row.migration_name);
  }
  const applied = new Set(ledger.map((row) => row.migration_name));
  return migrations.filter((migration) => !applied.has(migration.name));
}

function halfApplied(name: string): StoreError {
  return new StoreError(
    'migration_failed',
    `The migration ${name} was begun on this database and never finished.`,
    'Restore a backup from before it; or undo its changes by hand, mark it with "prisma migrate resolve --rolled-back" and run "tocsin migrate" again.',
  );
}

function newerThanCode(name: string): StoreError {
  return new StoreError(
    'database_newer_than_code',
    `The database has the migration ${name}, which this release of Tocsin does not know.`,
    'Run the release that migrated it, or a later one.',
  );
}

function altered(name: string): StoreError {
  return new StoreError(
    'migration_altered',
    `The file of the migration ${name} differs from the one that was applied to this database.`,
    'Restore the file. A change of the schema needs a new migration.',
  );
}
