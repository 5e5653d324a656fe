import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { readConfig, type Config } from '../config.ts';
import { fingerprints, type Keyring } from '../keyring.ts';
import type { BackupAbout } from '../store/backup/about.ts';
import { unpackBackup } from '../store/backup/unpack.ts';
import { chooseAccount } from '../store/embedded/account.ts';
import { findBinaries } from '../store/embedded/binaries.ts';
import { addConfiguration } from '../store/embedded/configuration.ts';
import {
  clusterDirectory,
  inspectCluster,
  prepareDataDirectory,
} from '../store/embedded/cluster.ts';
import { StoreError } from '../store/postgres/store-error.ts';
import { refuseExternal } from './backup.ts';
import { CURSORS_ENDED } from './cursors.ts';
import { loadKeyring } from './master-secret.ts';
import { printText } from './output.ts';
import { checkRestored, type Checked } from './restore-check.ts';
import { stopOnSignals } from './signals.ts';
import { quantity } from '../quantity.ts';

/** `tocsin restore FILE [--verify]` */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('restore a backup into an empty data directory, after checking all of it')
    .argument('<file>', 'a backup made by "tocsin backup"')
    .option('--verify', 'check the backup in a temporary directory, and restore nothing', false)
    .action((file: string, { verify }: { verify: boolean }) => run(file, verify));
}

async function run(file: string, verify: boolean): Promise<void> {
  const config = readConfig();
  refuseExternal(config);
  await refuseMissing(file);
  const { signal } = stopOnSignals();
  const keyring = await givenKeyring(config);
  if (verify) {
    const directory = await mkdtemp(join(tmpdir(), 'tocsin-verify-'));
    printText(report(await unpackAndCheck({ file, directory, keyring, durable: false, signal })));
    printText('The backup is complete and consistent. Nothing was restored.\n');
    return;
  }
  const { dataDir } = config;
  await refuseOccupied(dataDir);
  await prepareDataDirectory(dataDir);
  const directory = join(dataDir, `restore-${randomUUID()}`);
  const place = async (): Promise<void> => {
    await refuseOccupied(dataDir);
    await rename(join(directory, 'postgres.json'), join(dataDir, 'postgres.json'));
    await rename(clusterDirectory(directory), clusterDirectory(dataDir));
  };
  const work = { file, directory, keyring, durable: true, signal, place };
  printText(report(await unpackAndCheck(work)));
  printText(`Restored to ${dataDir}. ${AFTERWARDS}\n`);
}

const AFTERWARDS = `What was accepted after the backup is gone.
${CURSORS_ENDED}`;

interface Work {
  readonly file: string;
  /** Removed at the end, whatever happens. */
  readonly directory: string;
  readonly keyring: Keyring;
  readonly durable: boolean;
  readonly signal: AbortSignal;
  /** What to do with the checked data. */
  readonly place?: () => Promise<void>;
}

async function unpackAndCheck(work: Work): Promise<Checked & { about: BackupAbout }> {
  const { file, directory, keyring, durable, signal } = work;
  try {
    await prepareDataDirectory(directory);
    // PostgreSQL under another account has to reach its files; they are private by themselves.
    if (process.getuid?.() === 0) await chmod(directory, 0o711);
    const binaries = await findBinaries();
    const account = await chooseAccount(binaries, directory, undefined);
    const { identity } = account;
    const accept = (about: BackupAbout): void => refuseOtherSecret(about, keyring);
    const input = { file, directory, identity, durable, keyring, accept, signal };
    const about = await unpackBackup(input);
    await addConfiguration(directory, binaries, account);
    signal.throwIfAborted();
    const checked = await checkRestored({ file, directory, keyring, about, durable, signal });
    await work.place?.();
    return { ...checked, about };
  } catch (error) {
    signal.throwIfAborted();
    throw asStoreError(file, error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function report({ about, head, audit }: Checked & { about: BackupAbout }): string {
  return `made         ${about.begun_at} by Tocsin ${about.tocsin}
files        all there, checksums and authentication code match
secret       matches (${about.secret_fingerprint})
log          ${quantity(head, 'row')}
audit        intact: ${quantity(audit.size, 'leaf', 'leaves')}, ${quantity(audit.checkpoints, 'checkpoint')}, root ${audit.root}
`;
}

/** Before the master secret is asked for: a mistyped name is the simplest mistake. */
async function refuseMissing(file: string): Promise<void> {
  const problem = await stat(file).then(
    (entry) => (entry.isFile() ? undefined : 'It is not a file'),
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (problem === undefined) return;
  throw new StoreError(
    'backup_failed',
    `Cannot read the backup ${file}: ${problem}.`,
    'Give the name of a file made by "tocsin backup".',
  );
}

/** The master secret has to be there first: nothing of a backup serves without it. */
async function givenKeyring(config: Config): Promise<Keyring> {
  const { dataDir, secretFile = join(dataDir, 'master.secret') } = config;
  return loadKeyring({ ...config, secretFile }).catch((cause: unknown) => {
    throw new StoreError(
      'master_secret_missing',
      `The master secret of the backup is needed, and ${secretFile} cannot be read.`,
      'Put it there from your backup of it, or name its file in TOCSIN_SECRET_FILE.',
      { cause },
    );
  });
}

function refuseOtherSecret({ secret_fingerprint: made }: BackupAbout, keyring: Keyring): void {
  const given = fingerprints(keyring);
  if (given.includes(made)) return;
  throw new StoreError(
    'backup_of_another_secret',
    `The backup belongs to the master secret with the fingerprint ${made}; the one given has ${given.join(' or ')}.`,
    'Name the file of the right one in TOCSIN_SECRET_FILE.',
  );
}

async function refuseOccupied(dataDir: string): Promise<void> {
  if ((await inspectCluster(dataDir)) === undefined) return;
  throw new StoreError(
    'data_directory_in_use',
    `${clusterDirectory(dataDir)} already contains a database.`,
    'Set TOCSIN_DATA_DIR to an empty directory, or move the database away first.',
  );
}

/** What the disk said, such as that it is full or that a file does not exist. */
function asStoreError(file: string, cause: unknown): unknown {
  if (cause instanceof StoreError || !(cause instanceof Error) || !('syscall' in cause))
    return cause;
  return new StoreError(
    'backup_failed',
    `${file} cannot be restored: ${cause.message}.`,
    'Nothing was changed. Remove the cause and try again.',
    { cause },
  );
}
