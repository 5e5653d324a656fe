/** Takes a backup apart and puts it together again, as somebody who can write to its place could. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack, type Header } from 'tar-stream';
import { backupMac, createKeyring } from '../../src/keyring.ts';
import { MAC_FILE, MANIFEST_FILE } from '../../src/store/backup/contents.ts';
import { BackupDigest, measure } from '../../src/store/backup/digest.ts';

export interface BackupEntry {
  readonly name: string;
  readonly type: Header['type'];
  readonly linkname?: string;
  readonly content: Buffer;
}

export async function readBackup(file: string): Promise<BackupEntry[]> {
  const entries: BackupEntry[] = [];
  const files = extract();
  const read = pipeline(createReadStream(file), createGunzip(), files);
  for await (const entry of files) {
    const { name, type } = entry.header;
    entries.push({ name, type, content: await buffer(entry) });
  }
  await read;
  return entries;
}

export async function writeForgery(file: string, entries: readonly BackupEntry[]): Promise<void> {
  const packed = pack();
  const written = pipeline(packed, createGzip({ level: 1 }), createWriteStream(file));
  for (const { content, ...header } of entries) {
    if (header.type === 'file') packed.entry({ ...header, mode: 0o600 }, content);
    else packed.entry({ ...header, mode: 0o700 });
  }
  packed.finalize();
  await written;
}

/** Replaces, or adds before the manifest, a file of the data directory. */
export function withFile(
  entries: readonly BackupEntry[],
  name: string,
  alter: (content: string) => string,
): BackupEntry[] {
  const old = entries.find((entry) => entry.name === name);
  const content = Buffer.from(alter(old?.content.toString() ?? ''));
  const made = { name, type: 'file' as const, content };
  return old === undefined
    ? withEntry(entries, made)
    : entries.map((entry) => (entry === old ? made : entry));
}

/** Adds an entry before the manifest. */
export function withEntry(entries: readonly BackupEntry[], made: BackupEntry): BackupEntry[] {
  return entries.flatMap((entry) => (entry.name === MANIFEST_FILE ? [made, entry] : [entry]));
}

/** Makes PostgreSQL's manifest agree with the files again, which needs no secret. */
export function withSums(entries: readonly BackupEntry[]): BackupEntry[] {
  const files = entries
    .filter(({ name, type }) => type === 'file' && /^postgres\/(?!pg_wal\/)/.test(name))
    .filter(({ name }) => name !== MANIFEST_FILE)
    .map(({ name, content }) => {
      const { size, sha256 } = measure(content);
      const path = name.slice('postgres/'.length);
      return { Path: path, Size: size, 'Checksum-Algorithm': 'SHA256', Checksum: sha256 };
    });
  return withFile(entries, MANIFEST_FILE, (text) => {
    const { 'Manifest-Checksum': _, ...manifest } = JSON.parse(text) as Record<string, unknown>;
    const whole = JSON.stringify({ ...manifest, Files: files });
    const body = `${whole.slice(0, -1)},\n`;
    const checksum = createHash('sha256').update(body).digest('hex');
    return `${body}"Manifest-Checksum": "${checksum}"}\n`;
  });
}

/** Authenticates the entries under a master secret (in hexadecimal), as `tocsin backup` does. */
export function signed(entries: readonly BackupEntry[], secret: string): BackupEntry[] {
  const digest = new BackupDigest();
  for (const { name, type, content } of entries) {
    if (name === MAC_FILE) continue;
    if (type === 'file') digest.addFile(name, measure(content));
    else digest.addDirectory(name);
  }
  const keyring = createKeyring(Buffer.from(secret, 'hex'));
  return withFile(entries, MAC_FILE, () => backupMac(keyring, digest.value()).toString('hex'));
}
