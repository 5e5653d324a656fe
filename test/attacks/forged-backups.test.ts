/**
 * Backups altered by somebody who can write to their place: a restore, or a mere check, must not run what
 * is in them. The checksums in a backup protect against accidents only, since anybody can compute them.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readBackup,
  signed,
  withEntry,
  withFile,
  withSums,
  writeForgery,
  type BackupEntry,
} from '../support/backup-forgery.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { startServerProcess, tocsinCommand } from '../support/server-process.ts';

const TIMEOUT_MS = 180_000;
const OTHER_SECRET = '5'.repeat(64);

let root: string;
let secret: string;
let entries: BackupEntry[];
/** PostgreSQL's account can write there. */
let open: string;
/** Made by the command in a forged backup, if it runs. */
let proof: string;

beforeAll(async () => {
  root = await testDirectory();
  const dataDir = join(root, 'data');
  const environment = { TOCSIN_DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
  const server = await startServerProcess(environment);
  await server.stop();
  const backup = join(root, 'whole.tar.gz');
  expect(await tocsinCommand(['backup', backup], environment)).toMatchObject({ code: 0 });
  secret = (await readFile(join(dataDir, 'master.secret'), 'utf8')).trim();
  entries = await readBackup(backup);
  open = await mkdtemp(join(tmpdir(), 'tocsin-open-'));
  await chmod(open, 0o777);
  proof = join(open, 'proof');
}, TIMEOUT_MS);
afterAll(async () => {
  await removeTestDirectory(root);
  await rm(open, { recursive: true });
});

/** PostgreSQL archives its last WAL when it stops, with a command from its configuration. */
function withCommand(): BackupEntry[] {
  const line = `archive_mode = on\narchive_command = 'touch ${proof}'\n`;
  return withSums(withFile(entries, 'postgres/postgresql.auto.conf', (text) => text + line));
}

/** Restores the entries into a new directory that has the master secret. */
async function restored(name: string, forged: readonly BackupEntry[], environment = {}) {
  const file = join(root, `${name}.tar.gz`);
  await writeForgery(file, forged);
  const directory = join(root, `for ${name}`);
  await mkdir(directory);
  await writeFile(join(directory, 'master.secret'), secret);
  const ended = await tocsinCommand(['restore', file], {
    TOCSIN_DATA_DIR: directory,
    LOG_LEVEL: 'warn',
    ...environment,
  });
  return { ...ended, directory, left: await readdir(directory) };
}

describe('a backup that was changed by somebody without the master secret', () => {
  const changes: [string, () => BackupEntry[]][] = [
    ['a command in the configuration', withCommand],
    [
      'another password of the database',
      () =>
        withFile(entries, 'postgres.json', (text) => text.replace(/"adminPassword":"../, '$&x')),
    ],
    [
      'a byte of the WAL',
      () =>
        entries.map((entry) => {
          if (!/pg_wal\/[0-9A-F]{24}$/.test(entry.name)) return entry;
          const content = Buffer.from(entry.content);
          content.writeUInt8(content.readUInt8(content.length - 1) ^ 1, content.length - 1);
          return { ...entry, content };
        }),
    ],
    [
      'another description',
      () =>
        withFile(entries, 'tocsin-backup.json', (text) =>
          text.replace(/"begun_at": "\d{4}/, '"begun_at": "1999'),
        ),
    ],
    ['a code made under another secret', () => signed(withCommand(), OTHER_SECRET)],
    ['an empty code', () => withFile(entries, 'tocsin-backup.mac', () => '')],
  ];

  it.each(changes)(
    'is refused: %s',
    async (name, forge) => {
      const ended = await restored(`unsigned, ${name}`, forge());
      expect(ended.stderr).toMatch(
        /its authentication code is wrong\. .*without the master secret/,
      );
      expect(ended).toMatchObject({ code: 1, left: ['master.secret'] });
      expect(existsSync(proof)).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'is accepted when nothing was changed, under the older of two secrets too',
    async () => {
      const current = join(root, 'current.secret');
      await writeFile(current, OTHER_SECRET);
      const old = join(root, 'old.secret');
      await writeFile(old, secret);
      const ended = await restored('unchanged', entries, {
        TOCSIN_SECRET_FILE: current,
        TOCSIN_SECRET_FILE_OLD: old,
      });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
    },
    TIMEOUT_MS,
  );
});

describe('a backup with a correct authentication code', () => {
  it(
    'is restored without its configuration',
    async () => {
      const ended = await restored('signed, a command', signed(withCommand(), secret));
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(existsSync(proof)).toBe(false);
      const cluster = join(ended.directory, 'postgres');
      expect(await readFile(join(cluster, 'postgresql.auto.conf'), 'utf8')).not.toContain('touch');
      const access = await readFile(join(cluster, 'pg_hba.conf'), 'utf8');
      expect(access).toMatch(/^host\s+all\s+all\s+127\.0\.0\.1\/32\s+scram-sha-256$/m);
      expect(access).not.toMatch(/^[^#].*trust$/m);
    },
    TIMEOUT_MS,
  );

  // The whole list is in src/store/backup/contents.test.ts.
  const additions: BackupEntry[] = [
    { name: 'postgres/recovery.signal', type: 'file', content: Buffer.alloc(0) },
    {
      name: 'postgres/pg_tblspc/16400',
      type: 'symlink',
      linkname: '/etc',
      content: Buffer.alloc(0),
    },
  ];

  it.each(additions.map((entry) => [entry.name, entry.type, entry] as const))(
    'is refused when it contains %s (%s)',
    async (name, type, entry) => {
      const forged = signed(withSums(withEntry(entries, entry)), secret);
      const ended = await restored(`signed, ${name.replaceAll('/', ' ')} ${type}`, forged);
      expect(ended.stderr).toContain(`it contains ${name}`);
      expect(ended).toMatchObject({ code: 1, left: ['master.secret'] });
    },
    TIMEOUT_MS,
  );
});
