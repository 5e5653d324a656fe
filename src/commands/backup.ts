import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { readConfig, type Config } from '../config.ts';
import { fingerprints, type Keyring } from '../keyring.ts';
import type { BackupAbout } from '../store/backup/about.ts';
import { writeBackup } from '../store/backup/write.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { findCheckpoint } from '../store/audit/tree.ts';
import { credentialsMissing, readCredentials } from '../store/embedded/credentials.ts';
import { serverUrl } from '../store/embedded/owner.ts';
import { findLogBounds } from '../store/content/log.ts';
import { StoreError } from '../store/postgres/store-error.ts';
import { createLogger } from '../telemetry.ts';
import { VERSION } from '../version.ts';
import { loadKeyring } from './master-secret.ts';
import { reachServer, requireCluster } from './open.ts';
import { printText } from './output.ts';
import { stopOnSignals } from './signals.ts';

/** `tocsin backup [FILE|DIR]` */
export function backupCommand(): Command {
  return new Command('backup')
    .description('back up the embedded database while it is in use, without the master secret')
    .argument('[target]', 'a new file, or a directory for one named by the time', '.')
    .action((target: string) => run(target));
}

async function run(target: string): Promise<void> {
  const config = readConfig();
  refuseExternal(config);
  const { dataDir } = config;
  await requireCluster(config);
  const keyring = await loadKeyring(config);
  const file = await chooseFile(target);
  const { signal } = stopOnSignals();
  const server = await reachServer(config, createLogger('warn'), { signal });
  try {
    const about = await describe(server.url, keyring);
    const credentials = await readCredentials(dataDir);
    if (credentials === undefined) throw credentialsMissing(dataDir);
    const { port: _, ...passwords } = credentials;
    const port = Number(new URL(server.url).port);
    const bytes = await writeBackup({
      adminUrl: serverUrl('postgres', credentials.adminPassword, port),
      file,
      about,
      credentials: `${JSON.stringify(passwords)}\n`,
      keyring,
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw failed(file, error);
    });
    printText(summary(file, bytes, about, config.secretFile ?? join(dataDir, 'master.secret')));
  } finally {
    await server.close();
  }
}

function summary(file: string, bytes: number, about: BackupAbout, secretFile: string): string {
  return `${file}, ${(bytes / 1_000_000).toFixed(1)} MB
The database as of ${about.begun_at} or later. The master secret is not in it: nothing that is
encrypted in the database can be read without it. Back up ${secretFile} as well, in another place.
Its fingerprint is ${about.secret_fingerprint}.
To check the backup: tocsin restore --verify ${file}
`;
}

/**
 * Backups are of the embedded database only.
 * @throws StoreError `backup_not_embedded`
 */
export function refuseExternal({ databaseUrl }: Config): void {
  if (databaseUrl === undefined) return;
  throw new StoreError(
    'backup_not_embedded',
    'DATABASE_URL names a PostgreSQL of your own.',
    'Back it up and restore it with its own tools, such as pg_basebackup or pg_dump.',
  );
}

/** What the backup must contain at least, read before it begins. */
async function describe(url: string, keyring: Keyring): Promise<BackupAbout> {
  const db = openDatabase({ url, poolMax: 2, onError: () => undefined });
  try {
    const [secret_fingerprint = ''] = fingerprints(keyring);
    return {
      format: 'tocsin-backup/1',
      tocsin: VERSION,
      begun_at: systemClock.now().toISOString(),
      secret_fingerprint,
      log_head: (await findLogBounds(db)).head,
      audit_checkpoint: (await findCheckpoint(db))?.note ?? null,
    };
  } finally {
    await db.close();
  }
}

/** Creates the directory that the file is to be in. Throws StoreError `backup_exists`. */
async function chooseFile(target: string): Promise<string> {
  const isDirectory = await stat(target).then(
    (entry) => entry.isDirectory(),
    () => target.endsWith('/'),
  );
  const time = systemClock.now().toISOString().slice(0, 19).replaceAll(':', '');
  const file = resolve(isDirectory ? join(target, `tocsin-${time}Z.tar.gz`) : target);
  if (existsSync(file)) {
    throw new StoreError('backup_exists', `${file} already exists.`, 'Choose another name.');
  }
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw failed(file, error);
  }
  return file;
}

function failed(file: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof StoreError) return cause;
  return new StoreError(
    'backup_failed',
    `The backup was not written to ${file}: ${cause.message}.`,
    'Nothing was left there. Remove the cause and try again.',
    { cause },
  );
}
