/** Writes a backup: one gzip-compressed tar file that appears whole, or not at all. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { extract, pack, type Pack } from 'tar-stream';
import { backupMac, type Keyring } from '../../keyring.ts';
import type { BackupAbout } from './about.ts';
import { withBaseBackup } from './base-backup.ts';
import {
  ABOUT_FILE,
  CLUSTER_DIRECTORY,
  CREDENTIALS_FILE,
  MAC_FILE,
  MANIFEST_FILE,
  treatmentOf,
} from './contents.ts';
import { BackupDigest, measure, meter } from './digest.ts';

export interface BackupInput {
  /** Of the embedded database, as its superuser. */
  readonly adminUrl: string;
  /** Where to write it; the caller made sure that nothing is there. */
  readonly file: string;
  readonly about: BackupAbout;
  /** The text of postgres.json: without the passwords in it nobody connects to the copy. */
  readonly credentials: string;
  /** Its current master secret authenticates the backup. */
  readonly keyring: Keyring;
  readonly signal?: AbortSignal | undefined;
}

/** Higher levels take several times as long and save little. */
const GZIP_LEVEL = 1;

/**
 * Writes the backup under a temporary name beside `file`, flushes it to the disk and renames it.
 * Returns its size in bytes. A failure removes the temporary file.
 */
export async function writeBackup(input: BackupInput): Promise<number> {
  const { adminUrl, file, signal } = input;
  const partial = `${file}.partial-${randomUUID()}`;
  const target = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
  try {
    await withBaseBackup(adminUrl, async ({ archive, manifest }) => {
      const packed = pack();
      const written = pipeline(packed, createGzip({ level: GZIP_LEVEL }), target, { signal });
      const filled = fill(packed, input, archive, manifest).catch((error: unknown) => {
        packed.destroy(error instanceof Error ? error : new Error(String(error)));
        throw error;
      });
      await allOrFirstFailure([written, filled]);
    });
    await rename(partial, file);
    return (await stat(file)).size;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function fill(
  packed: Pack,
  { about, credentials, keyring }: BackupInput,
  archive: Readable,
  manifest: Promise<Buffer>,
): Promise<void> {
  const digest = new BackupDigest();
  const add = (name: string, content: string | Buffer): void => {
    packed.entry({ name, mode: 0o600 }, content);
    digest.addFile(name, measure(content));
  };
  add(ABOUT_FILE, `${JSON.stringify(about, undefined, 2)}\n`);
  add(CREDENTIALS_FILE, credentials);
  await copyArchive(archive, packed, digest);
  add(MANIFEST_FILE, await manifest);
  const mac = backupMac(keyring, digest.value()).toString('hex');
  packed.entry({ name: MAC_FILE, mode: 0o600 }, `${mac}\n`);
  packed.finalize();
}

/** Adds the files of PostgreSQL's archive, below a directory of their own. */
async function copyArchive(archive: Readable, packed: Pack, digest: BackupDigest): Promise<void> {
  const files = extract();
  const read = pipeline(archive, files);
  const copied = (async () => {
    for await (const entry of files) {
      const { name, size, type, mode, mtime } = entry.header;
      // PostgreSQL calls some "./pg_wal/…".
      const path = posix.join(CLUSTER_DIRECTORY, name);
      const header = { name: path, size, type, mode, mtime };
      if (treatmentOf(header) === undefined) throw new Error(`${path} cannot be restored`);
      if (type === 'file') {
        const { through, measured } = meter();
        await pipeline(entry, through, packed.entry(header));
        digest.addFile(path, measured());
      } else {
        packed.entry(header);
        digest.addDirectory(path);
        entry.resume();
      }
    }
  })();
  await allOrFirstFailure([read, copied]);
}

/** Waits for all to end, so that none writes any more, and rejects with what failed first. */
async function allOrFirstFailure(works: readonly Promise<unknown>[]): Promise<void> {
  const ends = Promise.allSettled(works);
  try {
    await Promise.all(works);
  } finally {
    await ends;
  }
}
