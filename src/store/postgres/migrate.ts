import { DatabaseError } from 'pg';
import type { Client } from 'pg';
import type { BaseLogger } from 'pino';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withClient } from './connect.ts';
import { readDefinitions } from './definition-files.ts';
import type { Definition } from './definition-files.ts';
import { applyDefinitions, findDiffering } from './definitions.ts';
import { lockMigrations } from './locks.ts';
import { readMigrations } from './migration-files.ts';
import type { Migration } from './migration-files.ts';
import { makeLedger, pendingOf, readLedger, recordApplied } from './migration-ledger.ts';
import { StoreError } from './store-error.ts';
import { retried } from './transient.ts';
import { quantity } from '../../quantity.ts';

export interface MigrateOptions {
  /** Of the database, as its owner. Not through a pooler: the lock belongs to the session. */
  url: string;
  /** Has the folders `migrations` and `definitions`. Default: prisma of the project. */
  directory?: string;
  logger: Pick<BaseLogger, 'info'>;
}

export interface MigrateOutcome {
  /** Names of the migrations applied now, in order. */
  applied: string[];
  /** How many the database had. */
  already: number;
  /** Whether the definitions were applied: those of the database were others. */
  defined: boolean;
}

/** What a database lacks, by name. */
export interface Pending {
  readonly migrations: readonly string[];
  /** Definitions that differ, that the database lacks, or that only the database has. */
  readonly definitions: readonly string[];
}

const DIRECTORY = fileURLToPath(new URL('../../../prisma', import.meta.url));

/** To connect, and for each query, when it is only to be known how things stand. */
const LOOK_MS = 3000;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Brings the database to the code's schema: what is pending is applied in order, each migration in
 * a transaction of its own, and recorded as Prisma records it. Then, where the definitions of the database
 * are others, they are replaced in one transaction. Safe in several processes at once.
 * @throws StoreError; the migrations before the one that failed stay applied, of that one nothing
 */
export async function migrate({ url, directory, logger }: MigrateOptions): Promise<MigrateOutcome> {
  const { migrations, definitions } = await readSchema(directory);
  return withClient(url, async (client) => {
    await lockMigrations(client, () => {
      logger.info({}, 'waiting for another process that migrates this database');
    });
    const ledger = await readLedger(client);
    const pending = pendingOf(migrations, ledger);
    if (pending.length > 0) await guarded('_prisma_migrations', () => makeLedger(client));
    for (const migration of pending) {
      await guarded(migration.name, () => apply(client, migration));
      logger.info({ migration: migration.name }, 'applied a migration');
    }
    const differing = await findDiffering(client, definitions);
    // A migration may have dropped what was in its way.
    const defined = differing.length > 0 || pending.length > 0;
    if (defined) {
      await guarded('of the definitions', () => define(client, definitions));
      logger.info({ definitions: differing.length }, 'applied the definitions');
    }
    return { applied: pending.map(({ name }) => name), already: ledger.length, defined };
  });
}

interface Schema {
  readonly migrations: Migration[];
  readonly definitions: Definition[];
}

async function readSchema(directory = DIRECTORY): Promise<Schema> {
  const [migrations, definitions] = await Promise.all([
    readMigrations(join(directory, 'migrations')),
    readDefinitions(join(directory, 'definitions')),
  ]);
  return { migrations, definitions };
}

/**
 * What the database still lacks. A database that hangs is given up on.
 * @throws StoreError as `migrate` does when code and database are not of one history
 */
export async function findPending(url: string, directory?: string): Promise<Pending> {
  const { migrations, definitions } = await readSchema(directory);
  const patience = { connectMs: LOOK_MS, queryMs: LOOK_MS };
  return withClient(
    url,
    async (client) => ({
      migrations: pendingOf(migrations, await readLedger(client)).map(({ name }) => name),
      definitions: await findDiffering(client, definitions),
    }),
    patience,
  );
}

/** What is pending in a few words, such as `2 migrations pending`; undefined where nothing is. */
export function describePending({ migrations, definitions }: Pending): string | undefined {
  if (migrations.length > 0) return `${quantity(migrations.length, 'migration')} pending`;
  const [first] = definitions;
  if (first === undefined) return undefined;
  const more = definitions.length > 1 ? ', …' : '';
  return `${quantity(definitions.length, 'definition')} out of date (${first}${more})`;
}

/**
 * @throws StoreError `installation_missing` for a database that was never migrated,
 * `migrations_pending` for one of another version, or as `findPending`
 */
export async function requireMigrated(url: string): Promise<void> {
  const { migrations } = await readSchema();
  const pending = await findPending(url);
  const described = describePending(pending);
  if (described === undefined) return;
  if (pending.migrations.length === migrations.length) {
    throw new StoreError(
      'installation_missing',
      'The database does not contain a Tocsin installation yet.',
      'Start "tocsin serve" on it first, or set DATABASE_URL to the database of your server.',
    );
  }
  throw new StoreError(
    'migrations_pending',
    `The database is of another version: ${described}.`,
    'Run "tocsin migrate", or restart the server with this version.',
  );
}

/** Replaces all definitions. Running servers use the tables, so what meets their locks is tried again. */
function define(client: Client, definitions: readonly Definition[]): Promise<void> {
  return retried(() =>
    inTransaction(client, () =>
      applyDefinitions(client, definitions, (definition) => runFile(client, definition)),
    ),
  );
}

function apply(client: Client, migration: Migration): Promise<void> {
  return inTransaction(client, async () => {
    await runFile(client, migration);
    await recordApplied(client, migration);
  });
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    // Where the connection is gone, the server has rolled back already; the first error counts.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function runFile(client: Client, file: Migration | Definition): Promise<void> {
  try {
    await client.query(file.sql);
  } catch (error) {
    throw withLine(error, file);
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
        `The account of DATABASE_URL does not have the rights that the migration ${name} needs: ${why}.`,
        'It must own the database and be allowed to create roles: run "alter role … createrole" and "alter database … owner to …" as an administrator.',
        { cause },
      );
    }
    throw new StoreError(
      'migration_failed',
      `The migration ${name} failed and was undone: ${why}.`,
      'It changed nothing. Fix the cause, then run "tocsin migrate" again.',
      { cause },
    );
  }
}

function sqlState(error: Error): string | undefined {
  const cause = error.cause instanceof DatabaseError ? error.cause : error;
  return cause instanceof DatabaseError ? cause.code : undefined;
}

/** Names the file, and the line of it, that the server complained about. */
function withLine(error: unknown, { name, sql }: Migration | Definition): unknown {
  if (!(error instanceof DatabaseError) || error.position === undefined) return error;
  const line = sql.slice(0, Number(error.position) - 1).split('\n').length;
  return new Error(`${error.message} (${name}, line ${line})`, { cause: error });
}
