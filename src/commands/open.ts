import { join } from 'node:path';
import { readConfig, type Config } from '../config.ts';
import type { Keyring } from '../keyring.ts';
import { prepareAudit } from '../store/audit-tree.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { startEmbedded } from '../store/embedded/server.ts';
import { migrate } from '../store/migrate.ts';
import { createRoom } from '../store/room.ts';
import { createLog, type Log } from '../telemetry.ts';
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
  /** For who serves. */
  readonly exclusive?: boolean;
  /** Gives up when it aborts: what was opened is closed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the database of the configuration, the embedded one unless it names another: started
 * where it does not run, migrated, founded where it is new.
 */
export async function openStore(
  config: Config,
  log: Log,
  { exclusive = false, signal = new AbortController().signal }: Opening = {},
): Promise<OpenStore> {
  const keyring = await loadKeyring(config);
  const { dataDir, databasePool: poolMax } = config;
  const server = await reachServer(config, log, { exclusive, signal });
  const { url } = server;
  const onError = (error: Error): void => log.warn({ err: error }, 'a database connection broke');
  // Of a database elsewhere it is known only by what fails.
  const directory = config.databaseUrl === undefined ? dataDir : undefined;
  const room = createRoom({ directory, freeMin: config.storageFreeMin });
  const db = openDatabase({ url, poolMax, onError, room });
  const close = (): Promise<void> => closeAll([db], [server]);
  const prepare = async (): Promise<void> => {
    await migrate({ url, log });
    await prepareAudit(db);
    await bootstrap(db, keyring, join(dataDir, 'admin.key'), log);
  };
  try {
    await orAborted(prepare(), signal);
    return { db, url, keyring, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The database as its owner: the embedded one, started where it does not run, or the operator's. */
export async function reachServer(
  { databaseUrl, dataDir, databasePort }: Config,
  log: Log,
  { exclusive = false, signal }: Opening = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  if (databaseUrl !== undefined) return { url: databaseUrl, close: () => Promise.resolve() };
  const port = databasePort === undefined ? {} : { port: databasePort };
  const embedded = await startEmbedded({ dataDir, log, exclusive, signal, ...port });
  return { url: embedded.url, close: () => embedded.stop() };
}

/** Opens the database of the environment for one command, and closes it after. */
export async function withStore<T>(work: (store: OpenStore) => Promise<T>): Promise<T> {
  const config = readConfig();
  const store = await openStore(config, createLog(config.logLevel));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
