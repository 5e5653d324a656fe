/** Reads a backup back into a directory, and checks every file against PostgreSQL's manifest. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Extract } from 'tar-stream';
import type { Identity } from '../embedded/account.ts';
import { StoreError } from '../store-error.ts';
import {
  ABOUT_FILE,
  BackupAbout,
  CLUSTER_DIRECTORY,
  CREDENTIALS_FILE,
  MANIFEST_FILE,
} from './about.ts';
import { manifestFault } from './manifest.ts';

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

export interface UnpackInput {
  readonly file: string;
  /** An existing, empty directory. */
  readonly directory: string;
  /** Whose the database's files are to be; undefined: our own. */
  readonly identity: Identity | undefined;
  /** Whether every file is flushed to the disk. */
  readonly durable: boolean;
  /** Called before anything is written. Throws to refuse the backup. */
  readonly accept: (about: BackupAbout) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The descriptions at the ends are read as a whole; PostgreSQL's manifest is the largest of them. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Unpacks a backup. Returns its description.
 * @throws StoreError `backup_damaged`, whatever `accept` throws, or what the signal aborted with
 */
export async function unpackBackup(input: UnpackInput): Promise<BackupAbout> {
  const files = extract();
  const unpacking = new Unpacking(input);
  const read = pipeline(createReadStream(input.file), createGunzip(), files, {
    signal: input.signal,
  });
  const taken = (async () => {
    for await (const entry of files) await unpacking.take(entry);
  })();
  const ends = Promise.allSettled([read, taken]);
  try {
    await Promise.all([taken, read]);
  } catch (cause) {
    await ends;
    input.signal?.throwIfAborted();
    if (cause instanceof StoreError || isSystemError(cause)) throw cause;
    throw damaged(input.file, messageOf(cause), cause);
  }
  return unpacking.end();
}

class Unpacking {
  readonly #input: UnpackInput;
  readonly #found = new Map<string, { size: number; sha256: string }>();
  readonly #parents = new Set<string>();
  #about: BackupAbout | undefined;
  #manifest: Buffer | undefined;

  constructor(input: UnpackInput) {
    this.#input = input;
  }

  async take(entry: Entry): Promise<void> {
    const { name, type } = entry.header;
    if (this.#about === undefined) {
      this.#about = name === ABOUT_FILE ? aboutOf(await textOf(entry)) : undefined;
      if (this.#about === undefined)
        throw damaged(this.#input.file, 'it is not a backup of Tocsin');
      this.#input.accept(this.#about);
    } else if (this.#manifest !== undefined) {
      throw damaged(this.#input.file, `${name} follows its last file`);
    } else if (name === MANIFEST_FILE) {
      this.#manifest = await textOf(entry);
    } else if (name === CREDENTIALS_FILE || isOfCluster(name)) {
      await (type === 'directory' ? this.#directory(entry) : this.#file(entry));
    } else {
      throw damaged(this.#input.file, `it contains ${name}`);
    }
  }

  end(): BackupAbout {
    const { file } = this.#input;
    const about = this.#about;
    if (about === undefined || this.#manifest === undefined)
      throw damaged(file, 'its end is missing');
    const fault = manifestFault(this.#manifest, this.#found);
    if (fault !== undefined) throw damaged(file, fault);
    return about;
  }

  async #directory(entry: Entry): Promise<void> {
    entry.resume();
    await this.#makeParents(join(entry.header.name, 'x'));
  }

  async #file(entry: Entry): Promise<void> {
    const { name, type } = entry.header;
    const { directory, identity, durable, file } = this.#input;
    if (type !== 'file') throw damaged(file, `${name} is neither a file nor a directory`);
    await this.#makeParents(name);
    const hash = createHash('sha256');
    let size = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    const path = join(directory, name);
    await pipeline(
      entry,
      count,
      createWriteStream(path, { flags: 'wx', mode: 0o600, flush: durable }),
    );
    if (!isOfCluster(name)) return;
    await own(path, identity);
    this.#found.set(name.slice(CLUSTER_DIRECTORY.length), { size, sha256: hash.digest('hex') });
  }

  async #makeParents(name: string): Promise<void> {
    const parent = dirname(name);
    if (parent === '.' || this.#parents.has(parent)) return;
    await this.#makeParents(parent);
    const path = join(this.#input.directory, parent);
    await mkdir(path, { mode: 0o700 });
    await own(path, this.#input.identity);
    this.#parents.add(parent);
  }
}

/** Below the directory of the database, and nowhere else. */
function isOfCluster(name: string): boolean {
  const path = name.replace(/\/$/, '');
  return `${path}/`.startsWith(CLUSTER_DIRECTORY) && posix.normalize(path) === path;
}

async function own(path: string, identity: Identity | undefined): Promise<void> {
  if (identity !== undefined) await chown(path, identity.uid, identity.gid);
}

async function textOf(entry: Entry): Promise<Buffer> {
  if ((entry.header.size ?? 0) > TEXT_BYTES_MAX)
    throw new Error(`${entry.header.name} is too large`);
  return buffer(entry);
}

function aboutOf(text: Buffer): BackupAbout | undefined {
  try {
    const about = BackupAbout.safeParse(JSON.parse(text.toString('utf8')));
    return about.success ? about.data : undefined;
  } catch {
    return undefined;
  }
}

/** The refusal of a backup that is not whole. */
export function damaged(file: string, what: string, cause?: unknown): StoreError {
  return new StoreError(
    'backup_damaged',
    `${file} cannot be restored: ${what}.`,
    'Use another backup.',
    { cause },
  );
}

/** What the disk or the file system said, such as a file that does not exist. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
