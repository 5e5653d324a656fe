import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBackup, signed, writeForgery } from '../support/backup-forgery.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { startServerProcess, tocsinCommand } from '../support/server-process.ts';

const TIMEOUT_MS = 180_000;

let root: string;
let secret: Buffer;
let backup: string;

beforeAll(async () => {
  root = await testDirectory();
  const dataDir = join(root, 'data');
  const environment = { TOCSIN_DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
  const server = await startServerProcess(environment);
  await server.stop();
  backup = join(root, 'whole.tar.gz');
  expect(await tocsinCommand(['backup', backup], environment)).toMatchObject({ code: 0 });
  secret = await readFile(join(dataDir, 'master.secret'));
}, TIMEOUT_MS);
afterAll(() => removeTestDirectory(root));

/** A data directory with nothing but the master secret. */
async function emptyDirectory(name: string): Promise<string> {
  const directory = join(root, name);
  await mkdir(directory);
  await writeFile(join(directory, 'master.secret'), secret);
  return directory;
}

const restore = (directory: string, ...args: string[]) =>
  tocsinCommand(['restore', ...args], { TOCSIN_DATA_DIR: directory, LOG_LEVEL: 'warn' });

/** The backup with its uncompressed bytes changed. */
async function alteredBackup(name: string, alter: (tar: Buffer) => Buffer): Promise<string> {
  const file = join(root, name);
  await writeFile(file, gzipSync(alter(gunzipSync(await readFile(backup))), { level: 1 }));
  return file;
}

const NO_BACKUP =
  /cannot be restored: it is not a backup of Tocsin, or its beginning is damaged\. Use another backup/;

describe('a backup that cannot be used', () => {
  const refused: [string, (file: string) => Promise<string>, RegExp][] = [
    [
      'cut off',
      async (name) => {
        const bytes = await readFile(backup);
        await writeFile(join(root, name), bytes.subarray(0, Math.floor(bytes.length * 0.9)));
        return join(root, name);
      },
      /cannot be restored: it is damaged, or its end is missing\. Use another backup/,
    ],
    [
      'without its end',
      (name) =>
        alteredBackup(name, (tar) => {
          const manifest = tar.indexOf('postgres/backup_manifest');
          return Buffer.concat([tar.subarray(0, manifest), Buffer.alloc(1024)]);
        }),
      /its end is missing/,
    ],
    [
      'with one bit changed',
      (name) =>
        alteredBackup(name, (tar) => {
          const at = tar.indexOf('postgres/PG_VERSION') + 512;
          tar.writeUInt8(tar.readUInt8(at) ^ 1, at);
          return tar;
        }),
      /PG_VERSION is damaged/,
    ],
    [
      'without its WAL',
      async (name) => {
        const entries = await readBackup(backup);
        const without = entries.filter((entry) => !/pg_wal\/[0-9A-F]{24}$/.test(entry.name));
        await writeForgery(join(root, name), signed(without, secret.toString().trim()));
        return join(root, name);
      },
      /did not start: .*checkpoint record/,
    ],
    [
      'without its authentication code',
      async (name) => {
        const entries = await readBackup(backup);
        await writeForgery(join(root, name), entries.slice(0, -1));
        return join(root, name);
      },
      /its end is missing/,
    ],
    [
      'that leads out of its directory',
      (name) =>
        alteredBackup(name, (tar) => {
          const at = tar.indexOf('postgres/PG_VERSION');
          return withName(tar, at, 'postgres/../../../x');
        }),
      /it contains postgres\/\.\.\/\.\.\/\.\.\/x/,
    ],
    [
      'that is something else',
      async (name) => {
        await writeFile(join(root, name), gzipSync('something else'));
        return join(root, name);
      },
      NO_BACKUP,
    ],
    [
      'that is no archive',
      async (name) => {
        await writeFile(join(root, name), '127.0.0.1 localhost\n');
        return join(root, name);
      },
      NO_BACKUP,
    ],
    [
      'that is empty',
      async (name) => {
        await writeFile(join(root, name), '');
        return join(root, name);
      },
      NO_BACKUP,
    ],
    [
      'whose tar is damaged in the middle',
      (name) =>
        alteredBackup(name, (tar) => {
          const at = tar.indexOf('postgres/PG_VERSION');
          return Buffer.concat([tar.subarray(0, at), Buffer.alloc(512, 'x'), tar.subarray(at)]);
        }),
      /cannot be restored: it is damaged, or its end is missing\. Use another backup/,
    ],
  ];

  it.each(refused)(
    'is refused, with nothing left: %s',
    async (what, make, message) => {
      const file = await make(`${what}.tar.gz`);
      const directory = await emptyDirectory(`for one ${what}`);
      const ended = await restore(directory, file);
      expect(ended.stderr).toMatch(message);
      expect(ended.code).toBe(1);
      expect(await readdir(directory)).toEqual(['master.secret']);
    },
    TIMEOUT_MS,
  );

  it('is refused under another master secret, and without one', async () => {
    const directory = await emptyDirectory('another secret');
    await writeFile(join(directory, 'master.secret'), randomBytes(32).toString('hex'));
    const other = await restore(directory, '--verify', backup);
    expect(other.stderr).toMatch(/belongs to the master secret with the fingerprint [0-9a-f]{16}/);
    const none = await restore(join(root, 'nowhere'), backup);
    expect(none.stderr).toMatch(/master\.secret cannot be read\. Put it there/);
    expect([other.code, none.code]).toEqual([1, 1]);
    expect(await readdir(root)).not.toContain('nowhere');
  });
});

/** The name in the header of a tar entry, with its checksum (POSIX.1, ustar). */
function withName(tar: Buffer, at: number, name: string): Buffer {
  tar.fill(0, at, at + 100);
  tar.write(name, at, 'latin1');
  tar.fill(' ', at + 148, at + 156);
  const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  return tar;
}
