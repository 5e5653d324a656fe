/** The digest of all entries of a backup, over which its authentication code is made. */
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { withoutSlash } from './contents.ts';

/** Keeps these digests apart from all other texts that are ever authenticated. */
const LABEL = 'tocsin-backup/1\n';

/** The size and SHA-256 (in hexadecimal) of a file. */
export interface Measured {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Takes every entry in the order of the archive: name, kind, size and content. PostgreSQL's manifest
 * covers neither the WAL, which can rewrite every page of the database, nor the passwords.
 */
export class BackupDigest {
  readonly #hash = createHash('sha256').update(LABEL);

  addDirectory(name: string): void {
    this.#hash.update(`${JSON.stringify(['directory', withoutSlash(name)])}\n`);
  }

  addFile(name: string, { size, sha256 }: Measured): void {
    this.#hash.update(`${JSON.stringify(['file', name, size, sha256])}\n`);
  }

  /** Call it once, after the last entry. */
  value(): Buffer {
    return this.#hash.digest();
  }
}

/** Measures what is written through it. */
export function meter(): { through: Transform; measured: () => Measured } {
  const hash = createHash('sha256');
  let size = 0;
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  return { through, measured: () => ({ size, sha256: hash.digest('hex') }) };
}

/** Measures a text that is in memory. */
export function measure(content: string | Buffer): Measured {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { size: Buffer.byteLength(content), sha256 };
}
