/**
 * A base backup over PostgreSQL's replication protocol: what pg_basebackup does, which the npm package
 * does not contain (PostgreSQL 18, 54.4 "Streaming Replication Protocol", BASE_BACKUP). The server
 * decides which files belong to it, checks the checksum of every page that it sends, and adds the WAL
 * that makes the copy consistent, so that nothing has to stop.
 */
import { PassThrough } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { Client, type Connection, type Submittable } from 'pg';

const COMMAND =
  "BASE_BACKUP (LABEL 'tocsin', CHECKPOINT 'fast', WAL true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')";

const CONNECT_MS = 10_000;
/** A manifest has about 150 bytes for each file of the database. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

export interface BaseBackup {
  /** The data directory as a tar archive. It must be read for the backup to continue. */
  readonly archive: PassThrough;
  /** PostgreSQL's list of its files with their checksums, once the archive has been read. */
  readonly manifest: Promise<Buffer>;
}

/**
 * Takes a base backup as the superuser of `url` while `work` reads it. What was committed before the
 * call is in it. Rejects when the server reports an error, damaged pages among them.
 */
export async function withBaseBackup<T>(
  url: string,
  work: (backup: BaseBackup) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: `${url}?replication=true`,
    application_name: 'tocsin backup',
    connectionTimeoutMillis: CONNECT_MS,
  });
  // A broken connection fails the command that waits for it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    // While this session lasts, the server removes no WAL that the backup needs.
    const slot = `tocsin_${randomUUID().replaceAll('-', '_')}`;
    await client.query(`CREATE_REPLICATION_SLOT ${slot} TEMPORARY PHYSICAL (RESERVE_WAL)`);
    const command = client.query(new BaseBackupCommand());
    const [result] = await Promise.all([
      work(command).catch((error: unknown) => {
        command.archive.destroy();
        throw error;
      }),
      command.manifest,
    ]);
    return result;
  } finally {
    await client.end();
  }
}

/** The command as node-postgres runs it: the handlers are those it calls on a running query. */
class BaseBackupCommand implements Submittable, BaseBackup {
  readonly archive = new PassThrough();
  readonly manifest: Promise<Buffer>;
  readonly #ended = Promise.withResolvers<Buffer>();
  readonly #manifest: Buffer[] = [];
  #manifestBytes = 0;
  #into: 'archive' | 'manifest' = 'archive';
  #failure: Error | undefined;

  constructor() {
    this.manifest = this.#ended.promise;
    // A later waiter gets the rejection; until then it must not end the process.
    this.manifest.catch(() => undefined);
  }

  submit(connection: Connection): void {
    // The reader gave up: the server notices when it cannot send the rest.
    this.archive.once('close', () => {
      if (!this.archive.readableEnded) connection.stream.destroy();
    });
    connection.query(COMMAND);
  }

  /** A message of a COPY stream; the first byte says what follows. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }, connection: Connection): void {
    const kind = String.fromCharCode(chunk[0] ?? 0);
    if (kind === 'm') this.#into = 'manifest';
    else if (kind === 'd') this.#take(chunk.subarray(1), connection);
    else if (kind === 'n' && !isMainArchive(chunk)) {
      this.#failure ??= new Error('The database has tablespaces, which a backup does not contain');
    }
  }

  #take(chunk: Buffer, { stream }: Connection): void {
    // The parser of messages uses its buffer again.
    const data = Buffer.from(chunk);
    if (this.#into === 'archive') {
      if (this.archive.destroyed || this.archive.write(data) || stream.isPaused()) return;
      stream.pause();
      this.archive.once('drain', () => stream.resume());
      return;
    }
    this.#manifestBytes += data.length;
    if (this.#manifestBytes > MANIFEST_BYTES_MAX) {
      this.#failure ??= new Error('The manifest of the backup is too large');
    } else {
      this.#manifest.push(data);
    }
  }

  handleError(error: Error): void {
    this.#failure ??= error;
    this.#end();
  }

  handleReadyForQuery(): void {
    this.#end();
  }

  #end(): void {
    if (this.#failure === undefined) {
      this.archive.end();
      this.#ended.resolve(Buffer.concat(this.#manifest));
      return;
    }
    this.archive.destroy(this.#failure);
    this.#ended.reject(this.#failure);
  }

  /** Results before and after the files: where the WAL of the backup begins and ends. */
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
}

/** `n`, the name of an archive, NUL, the path of its tablespace, NUL. */
function isMainArchive(message: Buffer): boolean {
  return message.subarray(1).toString('latin1').split('\0')[0] === 'base.tar';
}
