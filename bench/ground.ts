/**
 * What a bench stands on: a database of its own under a temporary directory (durable, as in
 * production), organisations with keys, and a real server in a process of its own.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openStore } from '../src/commands/open.ts';
import { readConfig } from '../src/config.ts';
import { createKey, createOrganisation } from '../src/members/create.ts';
import { clusterDirectory } from '../src/store/embedded/cluster.ts';
import { endServerProcesses } from '../src/store/embedded/postmaster.ts';
import { atEnd } from './endings.ts';
import { startServer, type Server } from './server.ts';

const PREFIX = 'tocsin-bench-';
const COMMUNITY = 'alliance';

export interface Ground {
  /** Of the database, as its owner. */
  readonly databaseUrl: string;
  /** Makes an organisation of the common community, with a key that may do all in it. */
  member(slug: string): Promise<Member>;
  /** Starts `tocsin serve` in the given roles. */
  serve(): Promise<Server>;
  /** Ends the server and the database and removes the directory. */
  clear(): Promise<void>;
}

export interface Member {
  readonly slug: string;
  readonly identity: string;
  readonly key: string;
}

export async function makeGround(): Promise<Ground> {
  await sweep();
  const dataDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const clear = atEnd(() => removeGround(dataDir));
  const config = readConfig({ TOCSIN_DATA_DIR: dataDir });
  const store = await openStore(config, pino({ level: 'silent' }));
  const close = atEnd(() => store.close());
  return {
    databaseUrl: store.url,
    member: async (slug) => {
      const { identity } = await createOrganisation(
        store.db,
        {
          slug,
          name: slug,
          kind: 'allied_nation',
          communities: [COMMUNITY],
          ceiling: 'red',
          defaultTlp: 'amber',
        },
        'bench',
      );
      const wish = { organisation: slug, role: 'org_admin', label: '', expiresAt: null } as const;
      return { slug, identity, key: await createKey(store.db, store.keyring, wish, 'bench') };
    },
    serve: () => startServer(dataDir),
    clear: async () => {
      await close();
      await clear();
    },
  };
}

/** The machine and the server, for the `ran` of a measurement. */
export function setting(): string {
  return `one \`tocsin serve\` (http, worker), embedded PostgreSQL, fsync on, ${availableParallelism()} cores`;
}

async function removeGround(dataDir: string): Promise<void> {
  await endServerProcesses(clusterDirectory(dataDir));
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

/** Clears away what killed benches left. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(name.slice(PREFIX.length).split('-')[0]);
    if (name.startsWith(PREFIX) && !isAlive(pid)) await removeGround(join(tmpdir(), name));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
