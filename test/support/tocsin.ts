import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Clock } from '../../src/clock.ts';
import { serve, type RunningServer, type ServerRole } from '../../src/commands/serve/serve.ts';
import { readConfig, type Config } from '../../src/config.ts';
import { DOORS, type DoorOf } from '../../src/http/doors.ts';
import { createKeyring, withLogEpoch, type Keyring } from '../../src/keyring.ts';
import { findLogEpoch } from '../../src/store/content/log.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { sequenceInbox } from '../../src/store/content/log.ts';
import { createLogger, type Logger } from '../../src/telemetry.ts';
import { testDirectory } from './cluster.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';

/** A whole server in this process, on a database of the test file's own, listening on loopback. */
export interface Tocsin {
  readonly url: string;
  /** Where `/metrics` is read without a key. */
  readonly metricsUrl: string;
  readonly databaseUrl: string;
  readonly db: Database;
  readonly keyring: Keyring;
  /** Of its master secret. */
  readonly secretFile: string;
  readonly clock: ManualClock;
  /** As the owner of the database, past row security. */
  readonly sql: <R extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: unknown[],
  ) => Promise<R[]>;
  /** Resolves when all that was committed so far is in the log. */
  readonly sequenced: () => Promise<void>;
  /** Another server on the same database, with the same master secret. */
  another(roles: readonly ServerRole[], settings?: Settings): Promise<RunningServer>;
  close(): Promise<void>;
}

/** Environment settings. */
export type Settings = Readonly<Record<string, string>>;

export interface TocsinOptions {
  readonly roles?: readonly ServerRole[];
  readonly settings?: Settings;
  /** A migrated database, as its owner; the test file's own unless given. */
  readonly databaseUrl?: string;
  readonly logger?: Logger;
  /** All of them unless given. */
  readonly doors?: readonly DoorOf[];
}

/** By the address of the database: a server with another secret than the one before does not start. */
const secrets = new Map<string, Buffer>();

function secretOf(databaseUrl: string): Buffer {
  const secret = secrets.get(databaseUrl) ?? randomBytes(32);
  secrets.set(databaseUrl, secret);
  return secret;
}

export async function startTocsin({
  roles = ['http'],
  settings = {},
  databaseUrl: given,
  logger = createLogger('silent'),
  doors = DOORS,
}: TocsinOptions = {}): Promise<Tocsin> {
  const databaseUrl = given ?? (await ownDatabaseUrl());
  const directory = await testDirectory();
  const secret = secretOf(databaseUrl);
  await writeFile(join(directory, 'secret'), secret.toString('hex'), { mode: 0o600 });
  const clock = manualClock();
  const servers: RunningServer[] = [];
  const start = async (startRoles: readonly ServerRole[], extra: Settings = {}) => {
    const config = configOf(databaseUrl, directory, { ...settings, ...extra });
    const server = await serve(config, logger, startRoles, {
      clock: clock satisfies Clock,
      doors,
    });
    // A test that stops it by itself does so once.
    let closed: Promise<void> | undefined;
    const once = { ...server, close: () => (closed ??= server.close()) };
    servers.push(once);
    return once;
  };
  const { url, metricsUrl = '' } = await start(roles);
  const owner = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  // A cluster of a test's own may stop while its last connections end.
  owner.on('error', () => undefined);
  const db = openDatabase({ url: databaseUrl, poolMax: 4, onError: () => undefined });
  return {
    url,
    metricsUrl,
    databaseUrl,
    db,
    keyring: withLogEpoch(createKeyring(secret), await findLogEpoch(db)),
    secretFile: join(directory, 'secret'),
    clock,
    sql: async (text, values) => (await owner.query<never>(text, values)).rows,
    sequenced: () => sequenceAll(db),
    another: start,
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
      await Promise.all([db.close(), owner.end()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Loaded here alone: outside of a test run there are no test databases. */
async function ownDatabaseUrl(): Promise<string> {
  const { testDatabaseUrl } = await import('./database.ts');
  return testDatabaseUrl();
}

/** Moves all that is committed; steps of the servers under way are waited for. */
export async function sequenceAll(db: Database): Promise<void> {
  while ((await sequenceInbox(db, 5000)).moved > 0);
}

function configOf(databaseUrl: string, directory: string, settings: Settings): Config {
  return readConfig({
    DATABASE_URL: databaseUrl,
    TOCSIN_DATA_DIR: directory,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    PORT: '0',
    TOCSIN_METRICS_PORT: '0',
    TOCSIN_DATABASE_POOL: '6',
    TOCSIN_EGRESS_ALLOW: '127.0.0.0/8',
    ...settings,
  });
}
