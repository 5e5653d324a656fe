import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chown,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StoreError } from '../postgres/store-error.ts';
import type { Account, Identity } from './account.ts';
import type { Binaries } from './binaries.ts';

const run = promisify(execFile);

/** The major version of the binaries that package.json pins. */
const MAJOR = '18';
/** An empty cluster takes 40 MB and its first WAL segments 32; less than this is not worth a try. */
const INIT_BYTES_MIN = 150_000_000;
const PROBE_BYTES = 1_048_576;
const STAGING = 'postgres.new-';

/** The cluster's directory below the data directory. */
export function clusterDirectory(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/**
 * Makes sure that the data directory exists and is ours to write, and has room for the
 * least that every start writes: on a full disk, PostgreSQL cannot even log why it does not start.
 * @throws StoreError `data_directory_unusable`, `disk_full`
 */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  // Root's PostgreSQL runs under another account, which has to pass here.
  const mode = process.getuid?.() === 0 ? 0o755 : 0o700;
  try {
    await mkdir(dataDir, { recursive: true, mode });
    const probe = join(dataDir, `.probe-${randomUUID()}`);
    try {
      await writeFile(probe, Buffer.alloc(PROBE_BYTES));
    } finally {
      await rm(probe, { force: true });
    }
  } catch (cause) {
    if (isFull(cause)) throw diskFull(dataDir, cause);
    throw unusableDirectory(dataDir, cause);
  }
}

/**
 * Looks at the cluster: undefined when there is none yet, else the account that owns it.
 * @throws StoreError when there is something else, or another account's or another major version's
 */
export async function inspectCluster(dataDir: string): Promise<Identity | undefined> {
  const directory = clusterDirectory(dataDir);
  const entry = await stat(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unusableDirectory(dataDir, error);
  });
  if (entry === undefined) return undefined;
  const uid = process.getuid?.();
  if (uid !== undefined && uid !== 0 && entry.uid !== uid) throw notOurs(directory, entry.uid, uid);
  if ((await readdir(directory)).length === 0) return undefined;
  const version = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(ignoreAbsence);
  if (version === undefined) throw foreign(directory);
  if (uid === 0 && entry.uid === 0) throw notOurs(directory, 0, 0);
  if (version.trim() !== MAJOR) throw otherMajor(directory, version.trim());
  return { uid: entry.uid, gid: entry.gid };
}

/**
 * Makes the cluster beside its place and moves it there whole, so that a crash half-way leaves
 * nothing that looks like one. The caller holds the start lock.
 * @throws StoreError `disk_full`, `binaries_unusable`, `postgres_start_failed`
 */
export async function makeCluster(
  dataDir: string,
  binaries: Binaries,
  account: Account,
  options: { adminPassword: string; durable: boolean },
): Promise<void> {
  await removeStaging(dataDir);
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize < INIT_BYTES_MIN) throw diskFull(dataDir);
  const staging = join(dataDir, `${STAGING}${randomUUID()}`);
  const passwordFile = `${staging}.password`;
  await mkdir(staging, { mode: 0o700 });
  await writeFile(passwordFile, options.adminPassword, { mode: 0o600 });
  if (account.identity !== undefined) {
    const { uid, gid } = account.identity;
    await Promise.all([chown(staging, uid, gid), chown(passwordFile, uid, gid)]);
  }
  try {
    await initdb(staging, passwordFile, binaries, account, options.durable);
    await rename(staging, clusterDirectory(dataDir));
  } finally {
    await removeStaging(dataDir);
  }
}

async function initdb(
  directory: string,
  passwordFile: string,
  binaries: Binaries,
  account: Account,
  durable: boolean,
): Promise<void> {
  const { file, args, options } = account.command(binaries.initdb, [
    `--pgdata=${directory}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ]);
  try {
    await run(file, args, { ...options, cwd: directory });
  } catch (cause) {
    const output = messageOf(cause).trim();
    if (/No space left on device/.test(output)) throw diskFull(directory, cause);
    if (/ENOENT|shared librar|not a dynamic/.test(output)) throw unusable(binaries.initdb, cause);
    throw new StoreError(
      'postgres_start_failed',
      `initdb could not make the database cluster: ${output}.`,
      'See its output, or set DATABASE_URL to use your own PostgreSQL.',
      { cause },
    );
  }
}

async function removeStaging(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => name.startsWith(STAGING));
  await Promise.all(names.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
}

/** `mkdir` answers EEXIST where a file has that name, and what is below a file ENOTDIR. */
function isFile(cause: unknown): boolean {
  return (
    cause instanceof Error && 'code' in cause && ['ENOTDIR', 'EEXIST'].includes(String(cause.code))
  );
}

function unusableDirectory(dataDir: string, cause: unknown): StoreError {
  if (isFile(cause)) {
    return new StoreError(
      'data_directory_unusable',
      `${dataDir}, or a directory above it, is a file.`,
      'Set TOCSIN_DATA_DIR to a directory.',
      { cause },
    );
  }
  return new StoreError(
    'data_directory_unusable',
    `The data directory ${dataDir} cannot be used: ${messageOf(cause)}.`,
    'Change its owner to the account that runs Tocsin, or set TOCSIN_DATA_DIR to another directory.',
    { cause },
  );
}

function notOurs(directory: string, owner: number, uid: number): StoreError {
  return new StoreError(
    'data_directory_not_ours',
    owner === 0
      ? `${directory} belongs to root, and PostgreSQL refuses to run as root.`
      : `${directory} belongs to the account with uid ${owner}, and Tocsin runs as uid ${uid}.`,
    'Run Tocsin as the account that created the data directory, or chown it, or set TOCSIN_DATA_DIR to another directory.',
  );
}

function foreign(directory: string): StoreError {
  return new StoreError(
    'data_directory_foreign',
    `${directory} holds something that is not a PostgreSQL cluster.`,
    'Set TOCSIN_DATA_DIR to another directory, or move these files elsewhere.',
  );
}

function otherMajor(directory: string, found: string): StoreError {
  return new StoreError(
    'data_directory_other_major',
    `${directory} was written by PostgreSQL ${found}; this release of Tocsin includes PostgreSQL ${MAJOR}.`,
    `Dump it with the release that wrote it (pg_dump), start this one on an empty TOCSIN_DATA_DIR and load the dump; or use pg_upgrade.`,
  );
}

/** The refusal for a full disk, shared with the start of the server. */
export function diskFull(directory: string, cause?: unknown): StoreError {
  return new StoreError(
    'disk_full',
    `The disk that holds ${directory} has no room left.`,
    'Free some (a new database needs 150 MB, a working one more), or set TOCSIN_DATA_DIR to another directory.',
    { cause },
  );
}

function unusable(program: string, cause: unknown): StoreError {
  return new StoreError(
    'binaries_unusable',
    `${program} does not run on this system.`,
    'The embedded PostgreSQL needs glibc 2.17 or later (Alpine has none): use a Debian-like system, or set DATABASE_URL to use your own PostgreSQL.',
    { cause },
  );
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'stderr' in error && typeof error.stderr === 'string' && error.stderr !== ''
    ? error.stderr
    : error.message;
}

function ignoreAbsence(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
