import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore, type OpenStore } from '../../src/commands/open.ts';
import { readConfig } from '../../src/config.ts';
import type { Keyring } from '../../src/keyring.ts';
import { createKey, createOrganisation } from '../../src/members/create.ts';
import type { Role } from '../../src/sharing/member.ts';
import type { Database } from '../../src/store/postgres/database.ts';
import { clusterDirectory } from '../../src/store/embedded/cluster.ts';
import { findPostmaster } from '../../src/store/embedded/postmaster.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';
import { createLogger } from '../../src/telemetry.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { MEMBERS, OWNER } from './alliance.ts';

/** A PostgreSQL of this run's own with the alliance in it; fsync is on, since it will be killed. */
export interface Stage {
  readonly directory: string;
  /** Of the database, as its owner. */
  readonly url: string;
  /** What a Tocsin process on it needs in its environment, its data directory aside. */
  readonly env: Readonly<Record<string, string>>;
  /** The keys of each member, by slug and role. */
  key(slug: string, role: Role): string;
  /** The pid of PostgreSQL; undefined while it is down. */
  postmaster(): Promise<number | undefined>;
  /** Stops PostgreSQL and removes every file. */
  strike(): Promise<void>;
}

/** The roles of which each member gets a key. */
const ROLES: readonly Role[] = ['org_admin', 'publisher', 'feed'];
const SILENT = createLogger('silent');
/** The lease of a subscription: short, so that a pause of a few seconds outlasts it. */
export const LEASE_SECONDS = 2;

/** `tell` hears what becomes of PostgreSQL. */
export async function raiseStage(tell: (what: string) => void = () => undefined): Promise<Stage> {
  const directory = await testDirectory();
  try {
    return await furnish(directory, tell);
  } catch (error) {
    await removeTestDirectory(directory);
    throw error;
  }
}

async function furnish(directory: string, tell: (what: string) => void): Promise<Stage> {
  const settings = { shared_buffers: '64MB', log_min_messages: 'fatal' };
  const said = (detail: unknown, message?: string): void => {
    const { err } = detail as { err?: unknown };
    tell(err instanceof Error ? `${message}: ${err.message}` : (message ?? ''));
  };
  const logger = { info: said, warn: said, error: said };
  const postgres = await startEmbedded({ dataDir: directory, settings, logger });
  const strike = async (): Promise<void> => {
    await postgres.stop().catch(() => undefined);
    await removeTestDirectory(directory);
  };
  try {
    const secretFile = join(directory, 'torture.secret');
    await writeFile(secretFile, randomBytes(32).toString('hex'), { mode: 0o600 });
    const env = { DATABASE_URL: postgres.url, TOCSIN_SECRET_FILE: secretFile };
    const keys = await found({ env, directory });
    return {
      directory,
      url: postgres.url,
      env,
      key: (slug, role) => keys.get(`${slug} ${role}`) ?? '',
      postmaster: async () => {
        const found = await findPostmaster(clusterDirectory(directory));
        return typeof found === 'object' && found.status === 'ready' ? found.pid : undefined;
      },
      strike,
    };
  } catch (error) {
    await strike();
    throw error;
  }
}

/** The stage's database, in this process. */
export async function openStage({
  env,
  directory,
}: Pick<Stage, 'env' | 'directory'>): Promise<OpenStore> {
  const dataDir = join(directory, 'here');
  await mkdir(dataDir, { recursive: true });
  return openStore(readConfig({ ...env, TOCSIN_DATA_DIR: dataDir }), SILENT);
}

/** Migrates the database and makes the members with their keys. */
async function found(place: Pick<Stage, 'env' | 'directory'>): Promise<Map<string, string>> {
  const store = await openStage(place);
  try {
    return await makeMembers(store.db, store.keyring);
  } finally {
    await store.close();
  }
}

async function makeMembers(db: Database, keyring: Keyring): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  for (const { slug, communities, ceiling } of MEMBERS) {
    const kind = 'allied_nation' as const;
    const wish = { slug, name: slug, kind, communities, ceiling, defaultTlp: 'amber' as const };
    if (slug !== OWNER) await createOrganisation(db, wish, 'torture');
    for (const role of ROLES) {
      const key = { organisation: slug, role, label: '', expiresAt: null };
      keys.set(`${slug} ${role}`, await createKey(db, keyring, key, 'torture'));
    }
  }
  return keys;
}
