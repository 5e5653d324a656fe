import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isCurrentKey } from '../audit/checkpoint.ts';
import { readConfig, type Config } from '../config.ts';
import { fingerprints, withLogEpoch, type Keyring } from '../keyring.ts';
import { prepareAudit } from '../store/audit/tree.ts';
import { openDatabase, type Database } from '../store/postgres/database.ts';
import { inspectCluster } from '../store/embedded/cluster.ts';
import { startEmbedded } from '../store/embedded/server.ts';
import { findLogEpoch } from '../store/content/log.ts';
import { migrate, requireMigrated } from '../store/postgres/migrate.ts';
import { createRoom } from '../store/postgres/room.ts';
import { StoreError } from '../store/postgres/store-error.ts';
import { createLogger, type Logger } from '../telemetry.ts';
import { quantity } from '../quantity.ts';
import { bootstrap } from './bootstrap.ts';
import { closeAll } from './closing.ts';
import { loadKeyring } from './master-secret.ts';
import { orAborted } from './signals.ts';

/** A migrated database with the keys to what is sealed in it. */
export interface OpenStore {
  readonly db: Database;
  /** Of the database, as its owner. */
  readonly url: string;
  readonly keyring: Keyring;
  close(): Promise<void>;
}

interface Opening {
  /** For a process that serves. */
  readonly exclusive?: boolean;
  /** Gives up when it aborts: what was opened is closed. */
  readonly signal?: AbortSignal | undefined;
  /** Also with another master secret than the database uses: for a look at the audit. */
  readonly anySecret?: boolean;
}

/**
 * Opens the database for a server: the embedded one is started, and created where there is none; the
 * schema is migrated, and the first organisation and key are created where there are none.
 */
export async function openStore(
  config: Config,
  logger: Logger,
  { exclusive = false, signal = new AbortController().signal }: Opening = {},
): Promise<OpenStore> {
  const prepare = async ({ db, url, keyring }: OpenStore): Promise<void> => {
    await migrate({ url, logger });
    await prepareAudit(db);
    await requireCurrentSecret(db, keyring, config);
    await bootstrap(db, keyring, join(config.dataDir, 'admin.key'), logger);
  };
  return open(config, logger, { exclusive, signal, prepare });
}

/**
 * Opens the database for a command, which creates and migrates nothing.
 * @throws StoreError `installation_missing` or `migrations_pending`
 */
export async function openInstallation(
  config: Config,
  logger: Logger,
  { anySecret = false }: Pick<Opening, 'anySecret'> = {},
): Promise<OpenStore> {
  await requireCluster(config);
  const prepare = async ({ db, url, keyring }: OpenStore): Promise<void> => {
    await requireMigrated(url);
    await prepareAudit(db);
    if (!anySecret) await requireCurrentSecret(db, keyring, config);
  };
  const { signal } = new AbortController();
  return open(config, logger, { exclusive: false, signal, prepare });
}

/** @throws StoreError `installation_missing` where no server has ever run on this data directory */
export async function requireCluster({ databaseUrl, dataDir }: Config): Promise<void> {
  if (databaseUrl !== undefined || (await inspectCluster(dataDir)) !== undefined) return;
  throw new StoreError(
    'installation_missing',
    `There is no Tocsin installation in ${dataDir}: ${await contentsOf(dataDir)}.`,
    'Set TOCSIN_DATA_DIR to the data directory of your server, or create an installation with "tocsin serve".',
  );
}

/** What is in a directory, in a few words. */
export async function contentsOf(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => undefined);
  if (names === undefined) return 'the directory does not exist';
  if (names.length === 0) return 'it is empty';
  return `it contains ${quantity(names.length, 'other file')}`;
}

interface Preparation {
  readonly exclusive: boolean;
  readonly signal: AbortSignal;
  readonly prepare: (store: OpenStore) => Promise<void>;
}

async function open(
  config: Config,
  logger: Logger,
  { exclusive, signal, prepare }: Preparation,
): Promise<OpenStore> {
  const keyring = await loadKeyring(config);
  const { dataDir, databasePool: poolMax } = config;
  const server = await reachServer(config, logger, { exclusive, signal });
  const { url } = server;
  const onError = (error: Error): void =>
    logger.warn({ err: error }, 'a database connection broke');
  // Of a database elsewhere it is known only by what fails.
  const directory = config.databaseUrl === undefined ? dataDir : undefined;
  const room = createRoom({ directory, freeMin: config.storageFreeMin });
  const db = openDatabase({ url, poolMax, onError, room });
  const store = { db, url, keyring, close: () => closeAll([db], [server]) };
  try {
    await orAborted(prepare(store), signal);
    return { ...store, keyring: withLogEpoch(keyring, await findLogEpoch(db)) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** With another secret, a command would make keys that open nothing, and sign what nobody can verify. */
async function requireCurrentSecret(
  db: Database,
  keyring: Keyring,
  { secretFile, dataDir }: Config,
): Promise<void> {
  if (await isCurrentKey(db, keyring)) return;
  const file = secretFile ?? join(dataDir, 'master.secret');
  throw new StoreError(
    'master_secret_other',
    `The master secret ${file} (fingerprint ${fingerprints(keyring)[0] ?? ''}) is not the one that this database uses now.`,
    'Set TOCSIN_SECRET_FILE to the file that the server uses. While a secret is being replaced, set TOCSIN_SECRET_FILE_OLD as well. If it is the right file, the newest checkpoint was altered: see "tocsin audit verify".',
  );
}

/** The database as its owner: the embedded one, started where it does not run, or the operator's. */
export async function reachServer(
  { databaseUrl, dataDir, databasePort }: Config,
  logger: Logger,
  { exclusive = false, signal }: Opening = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  if (databaseUrl !== undefined) return { url: databaseUrl, close: () => Promise.resolve() };
  const port = databasePort === undefined ? {} : { port: databasePort };
  const embedded = await startEmbedded({ dataDir, logger, exclusive, signal, ...port });
  return { url: embedded.url, close: () => embedded.stop() };
}

/** Opens the database of the environment for one command, and closes it after. */
export async function withStore<T>(
  work: (store: OpenStore) => Promise<T>,
  opening: Pick<Opening, 'anySecret'> = {},
): Promise<T> {
  const config = readConfig();
  const store = await openInstallation(config, commandLogger(config), opening);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Commands report problems only, unless more is asked for: their output is what they print. */
export function commandLogger({ logLevel }: Config): Logger {
  return createLogger(logLevel === 'info' ? 'warn' : logLevel);
}
