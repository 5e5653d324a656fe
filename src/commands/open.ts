import { join } from 'node:path';
import { readConfig, type Config } from '../config.ts';
import type { Keyring } from '../keyring.ts';
import { prepareAudit } from '../store/audit-tree.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { startEmbedded } from '../store/embedded/server.ts';
import { migrate } from '../store/migrate.ts';
import { createLog, type Log } from '../telemetry.ts';
import { bootstrap } from './bootstrap.ts';
import { loadKeyring } from './master-secret.ts';

/** A migrated database with the keys to what is sealed in it. */
export interface OpenStore {
  readonly db: Database;
  /** Of the database, as its owner. */
  readonly url: string;
  readonly keyring: Keyring;
  close(): Promise<void>;
}

/**
 * Opens the database of the configuration, the embedded one unless it names another: started
 * where it does not run, migrated, founded where it is new. `exclusive` is for who serves.
 */
export async function openStore(
  config: Config,
  log: Log,
  { exclusive = false } = {},
): Promise<OpenStore> {
  const keyring = await loadKeyring(config);
  const { dataDir, databasePort, databasePool: poolMax } = config;
  const embedded =
    config.databaseUrl === undefined
      ? await startEmbedded({
          dataDir,
          log,
          exclusive,
          ...(databasePort === undefined ? {} : { port: databasePort }),
        })
      : undefined;
  const url = embedded?.url ?? config.databaseUrl ?? '';
  try {
    await migrate({ url, log });
    const onError = (error: Error): void => log.warn({ err: error }, 'a database connection broke');
    const db = openDatabase({ url, poolMax, onError });
    await prepareAudit(db);
    await bootstrap(db, keyring, join(dataDir, 'admin.key'), log);
    return {
      db,
      url,
      keyring,
      close: async () => {
        await db.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
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

/** Prints one JSON value a line. */
export function print(...values: readonly object[]): void {
  for (const value of values) process.stdout.write(`${JSON.stringify(value)}\n`);
}
