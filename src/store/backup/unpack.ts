/**
 * Unpacks a backup into a directory, and checks every file against PostgreSQL's manifest and all of them
 * against the authentication code.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Extract } from 'tar-stream';
import { isBackupMac, type Keyring } from '../../keyring.ts';
import type { Identity } from '../embedded/account.ts';
import { StoreError } from '../postgres/store-error.ts';
import { BackupAbout } from './about.ts';
import {
  ABOUT_FILE,
  CLUSTER_DIRECTORY,
  CREDENTIALS_FILE,
  MAC_FILE,
  MANIFEST_FILE,
  treatmentOf,
} from './contents.ts';
import { BackupDigest, measure, meter, type Measured } from './digest.ts';
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
  /** One of its master secrets must have authenticated the backup. */
  readonly keyring: Keyring;
  /** Called before anything is written. Throws to refuse the backup. */
  readonly accept: (about: BackupAbout) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The descriptions at the ends are read as a whole; PostgreSQL's manifest is the largest of them. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

const NO_BACKUP = 'it is not a backup of Tocsin, or its beginning is damaged';

/**
 * Unpacks a backup without its configuration files. Returns its description. Nothing in the directory
 * may be used when it throws.
 * @throws StoreError `backup_damaged`, `backup_not_authentic`, whatever `accept` throws, or what the signal aborted with
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
    throw damaged(input.file, unpacking.whyUnreadable(), cause);
  }
  return unpacking.end();
}

class Unpacking {
  readonly #input: UnpackInput;
  readonly #digest = new BackupDigest();
  readonly #found = new Map<string, Measured>();
  readonly #parents = new Set<string>();
  #about: BackupAbout | undefined;
  #manifest: Buffer | undefined;
  #mac: Buffer | undefined;

  constructor(input: UnpackInput) {
    this.#input = input;
  }

  async take(entry: Entry): Promise<void> {
    const { name } = entry.header;
    if (this.#about === undefined) this.#about = await this.#accepted(entry);
    else if (this.#mac !== undefined) throw this.#damaged(`${name} follows its last file`);
    else if (this.#manifest === undefined) await this.#takeFile(entry);
    else if (name === MAC_FILE) this.#mac = await this.#textOf(entry);
    else throw this.#damaged(`${name} follows its manifest`);
  }

  end(): BackupAbout {
    const about = this.#about;
    if (about === undefined) throw this.#damaged(NO_BACKUP);
    if (this.#manifest === undefined || this.#mac === undefined) {
      throw this.#damaged('its end is missing');
    }
    const fault = manifestFault(this.#manifest, this.#found);
    if (fault !== undefined) throw this.#damaged(fault);
    const mac = Buffer.from(this.#mac.toString('latin1').trim(), 'hex');
    if (!isBackupMac(this.#input.keyring, this.#digest.value(), mac)) {
      throw notAuthentic(this.#input.file);
    }
    return about;
  }

  async #accepted(entry: Entry): Promise<BackupAbout> {
    const { name } = entry.header;
    const text = name === ABOUT_FILE ? await this.#textOf(entry) : undefined;
    const about = text === undefined ? undefined : aboutOf(text);
    if (text === undefined || about === undefined) {
      throw this.#damaged(NO_BACKUP);
    }
    this.#input.accept(about);
    this.#digest.addFile(name, measure(text));
    return about;
  }

  async #takeFile(entry: Entry): Promise<void> {
    const { name, type } = entry.header;
    if (name === MANIFEST_FILE) {
      this.#manifest = await this.#textOf(entry);
      this.#digest.addFile(name, measure(this.#manifest));
      return;
    }
    const treatment = treatmentOf(entry.header);
    if (treatment === undefined) throw this.#damaged(`it contains ${name}`);
    if (type === 'directory') await this.#directory(entry);
    else await this.#file(entry, treatment);
  }

  async #directory(entry: Entry): Promise<void> {
    const { name } = entry.header;
    entry.resume();
    this.#digest.addDirectory(name);
    await this.#makeParents(join(name, 'x'));
  }

  async #file(entry: Entry, treatment: 'restore' | 'ignore'): Promise<void> {
    const { name } = entry.header;
    const { directory, identity, durable } = this.#input;
    const isRestored = treatment === 'restore';
    const path = join(directory, name);
    if (isRestored) await this.#makeParents(name);
    const { through, measured } = meter();
    const target = isRestored
      ? createWriteStream(path, { flags: 'wx', mode: 0o600, flush: durable })
      : discard();
    await pipeline(entry, through, target);
    const found = measured();
    this.#digest.addFile(name, found);
    if (name === CREDENTIALS_FILE) return;
    if (isRestored) await own(path, identity);
    this.#found.set(name.slice(CLUSTER_DIRECTORY.length), found);
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

  /** What to say where gzip or tar cannot be read: their own messages help nobody. */
  whyUnreadable(): string {
    return this.#about === undefined ? NO_BACKUP : 'it is damaged, or its end is missing';
  }

  async #textOf(entry: Entry): Promise<Buffer> {
    const { name, size } = entry.header;
    if ((size ?? 0) > TEXT_BYTES_MAX) throw this.#damaged(`${name} is too large`);
    return buffer(entry);
  }

  #damaged(what: string): StoreError {
    return damaged(this.#input.file, what);
  }
}

function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

async function own(path: string, identity: Identity | undefined): Promise<void> {
  if (identity !== undefined) await chown(path, identity.uid, identity.gid);
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

function notAuthentic(file: string): StoreError {
  return new StoreError(
    'backup_not_authentic',
    `${file} cannot be restored: its authentication code is wrong. Somebody without the master secret changed or created it.`,
    'Use a backup from another location, and find out who can write to the location of this one.',
  );
}

/** What the disk or the file system said, such as a file that does not exist. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
