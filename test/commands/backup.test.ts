import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withBaseBackup } from '../../src/store/backup/base-backup.ts';
import { readCredentials } from '../../src/store/embedded/credentials.ts';
import { serverUrl } from '../../src/store/embedded/owner.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';
import { createLogger } from '../../src/telemetry.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { startServerProcess, tocsinCommand, type Environment } from '../support/server-process.ts';
import { query } from '../support/tocsin-process.ts';

const TIMEOUT_MS = 180_000;
const BUNDLE_OBJECTS = 20;
const MIB = 1024 * 1024;

let root: string;
let dataDir: string;
/** A backup that was made under load, and what was posted meanwhile. */
let backup: string;
/** Of a reader, from before the backup. */
let cursor: string;
/** The ids of each bundle, in the order of their acknowledgement. */
const posted: string[][] = [];
let acknowledgedBefore = 0;

beforeAll(async () => {
  root = await testDirectory();
  dataDir = join(root, 'data');
  const server = await startServerProcess(environment());
  try {
    const key = (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim();
    const postOne = async (): Promise<unknown> => posted.push(await post(server.url, key));
    for (let i = 0; i < 5; i += 1) await postOne();
    acknowledgedBefore = posted.length;
    cursor = await nextAfter(server.url, key, '');
    // It holds until the log is restored.
    await nextAfter(server.url, key, cursor);
    let goOn = true;
    const posting = (async () => {
      while (goOn) await postOne();
    })();
    const made = await tocsinCommand(['backup', `${root}/backups/`], environment());
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout).toMatch(/The master secret is not in it/);
    goOn = false;
    await posting;
  } finally {
    await server.stop();
  }
  const [name = ''] = await readdir(join(root, 'backups'));
  backup = join(root, 'backups', name);
}, TIMEOUT_MS);
afterAll(() => removeTestDirectory(root));

function environment(more: Environment = {}): Environment {
  return { TOCSIN_DATA_DIR: dataDir, LOG_LEVEL: 'warn', TOCSIN_RATE_ROWS: '1000000', ...more };
}

/** Reads one page of changes, and returns the cursor of its end. */
async function nextAfter(url: string, key: string, after: string): Promise<string> {
  const query = new URLSearchParams({ limit: '10', ...(after === '' ? {} : { after }) });
  const answer = await fetch(`${url}/api/v1/changes?${query.toString()}`, {
    headers: { 'x-api-key': key },
  });
  const body = (await answer.json()) as { next?: string; code?: string };
  if (body.next === undefined) throw new Error(body.code);
  return body.next;
}

/** Posts a bundle, and returns its ids once they are acknowledged. */
async function post(url: string, key: string): Promise<string[]> {
  const time = '2026-11-02T08:15:00.000Z';
  const objects = Array.from({ length: BUNDLE_OBJECTS }, (_, i) => ({
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${randomUUID()}`,
    created: time,
    modified: time,
    name: 'x'.repeat(500),
    pattern: `[domain-name:value = '${i}.example.com']`,
    pattern_type: 'stix',
    valid_from: time,
  }));
  const response = await fetch(`${url}/api/v1/bundles`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'bundle', id: `bundle--${randomUUID()}`, objects }),
  });
  expect(response.status).toBe(200);
  return objects.map(({ id }) => id);
}

/** A data directory with nothing but the master secret. */
async function emptyDirectory(name: string): Promise<string> {
  const directory = join(root, name);
  await mkdir(directory);
  await copyFile(join(dataDir, 'master.secret'), join(directory, 'master.secret'));
  return directory;
}

async function idsServed(url: string, key: string): Promise<Set<string>> {
  const ids = new Set<string>();
  let after = '';
  for (;;) {
    const response = await fetch(`${url}/api/v1/changes?limit=10000${after}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const page: { objects: { id: string }[]; next: string; more: boolean } = JSON.parse(
      await response.text(),
    );
    for (const { id } of page.objects) ids.add(id);
    if (!page.more) return ids;
    after = `&after=${page.next}`;
  }
}

const restore = (directory: string, ...args: string[]) =>
  tocsinCommand(['restore', ...args], environment({ TOCSIN_DATA_DIR: directory }));

describe('a backup of a server that takes posts', () => {
  it('is a private file, and nothing else is left beside it', async () => {
    expect((await readdir(join(root, 'backups'))).length).toBe(1);
    expect((await stat(backup)).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'backups'))).mode & 0o777).toBe(0o700);
  });

  it('does not contain the master secret or the first admin key', async () => {
    const tar = gunzipSync(await readFile(backup));
    for (const name of ['master.secret', 'admin.key']) {
      const secret = (await readFile(join(dataDir, name), 'utf8')).trim();
      expect(tar.includes(secret)).toBe(false);
      expect(tar.includes(Buffer.from(secret, 'hex')) && name === 'master.secret').toBe(false);
    }
  });

  it(
    'is verified without touching the installation',
    async () => {
      const before = await listing(dataDir);
      const verified = await restore(dataDir, '--verify', backup);
      expect(verified).toMatchObject({ code: 0, stderr: '' });
      expect(verified.stdout).toMatch(/checksums and authentication code match/);
      expect(verified.stdout).toMatch(/audit +intact: [1-9]/);
      expect(await listing(dataDir)).toEqual(before);
    },
    TIMEOUT_MS,
  );

  it(
    'restores everything acknowledged before it began, and no bundle by half',
    async () => {
      const directory = await emptyDirectory('restored');
      expect(await restore(directory, backup)).toMatchObject({ code: 0 });
      expect((await readdir(directory)).toSorted()).toEqual([
        'master.secret',
        'postgres',
        'postgres.json',
      ]);
      const key = (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim();
      const server = await startServerProcess(environment({ TOCSIN_DATA_DIR: directory }));
      try {
        const served = await idsServed(server.url, key);
        expect(posted.length).toBeGreaterThan(acknowledgedBefore);
        for (const [index, ids] of posted.entries()) {
          const found = ids.filter((id) => served.has(id)).length;
          if (index < acknowledgedBefore) expect(found).toBe(BUNDLE_OBJECTS);
          else expect([0, BUNDLE_OBJECTS]).toContain(found);
        }
        // It continues as a server whose log reuses positions that earlier cursors named.
        await post(server.url, key);
        await expect(nextAfter(server.url, key, cursor)).rejects.toThrow('cursor_invalid');
        await nextAfter(server.url, key, await nextAfter(server.url, key, ''));
      } finally {
        await server.stop();
      }
      // What it left in the data directory does not prevent the next backup.
      const next = join(root, 'next.tar.gz');
      const made = await tocsinCommand(
        ['backup', next],
        environment({ TOCSIN_DATA_DIR: directory }),
      );
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(await restore(directory, '--verify', next)).toMatchObject({ code: 0, stderr: '' });
      const again = await restore(directory, backup);
      expect(again.stderr).toMatch(/already contains a database/);
      expect(again.code).toBe(1);
    },
    TIMEOUT_MS,
  );
});

describe('what a backup is read from', () => {
  it(
    'is not read faster than it is written',
    async () => {
      let most = 0;
      let bytes = 0;
      await withEmbedded(async (adminUrl) =>
        withBaseBackup(adminUrl, async ({ archive }) => {
          for await (const chunk of archive) {
            bytes += chunk.length;
            most = Math.max(most, archive.readableLength + archive.writableLength);
            await setImmediate();
          }
        }),
      );
      expect(bytes).toBeGreaterThan(30 * MIB);
      expect(most).toBeLessThan(MIB);
    },
    TIMEOUT_MS,
  );

  it(
    'ends when its reader gives up',
    async () => {
      const reading = withEmbedded(async (adminUrl) =>
        withBaseBackup(adminUrl, async ({ archive }) => {
          for await (const _ of archive) throw new Error('the disk is full');
        }),
      );
      await expect(reading).rejects.toThrow('the disk is full');
    },
    TIMEOUT_MS,
  );

  it(
    'is found out when its audit was altered',
    async () => {
      await withEmbedded((_, database) =>
        query(database, "set session_replication_role = replica; update audit set action = 'x'"),
      );
      const file = join(root, 'altered audit.tar.gz');
      expect(await tocsinCommand(['backup', file], environment())).toMatchObject({ code: 0 });
      const verified = await restore(dataDir, '--verify', file);
      expect(verified.stderr).toMatch(/its audit is not intact/);
      expect(verified.code).toBe(1);
    },
    TIMEOUT_MS,
  );
});

describe('a backup that cannot be made', () => {
  it('is refused over another file, and without a database', async () => {
    const again = await tocsinCommand(['backup', backup], environment());
    expect(again.stderr).toMatch(/already exists\. Choose another name/);
    const nowhere = environment({ TOCSIN_DATA_DIR: join(root, 'nowhere') });
    const nothing = await tocsinCommand(['backup', root], nowhere);
    expect(nothing.stderr).toMatch(/There is no Tocsin installation in .*Set TOCSIN_DATA_DIR/);
    expect([again.code, nothing.code]).toEqual([1, 1]);
    expect(await readdir(root)).not.toContain('nowhere');
  });

  it.each([['backup'], ['restore', 'x.tar.gz']])('of a database elsewhere: %s', async (...args) => {
    const DATABASE_URL = 'postgresql://tocsin:x@127.0.0.1:1/tocsin';
    const ended = await tocsinCommand(args, environment({ DATABASE_URL }));
    expect(ended.stderr).toMatch(/PostgreSQL of your own\. Back it up and restore it with its own/);
    expect(ended.code).toBe(1);
  });
});

/** Runs the installation's database, for its superuser; `database` is Tocsin's own one for it. */
async function withEmbedded<T>(
  work: (adminUrl: string, database: string) => Promise<T>,
): Promise<T> {
  const server = await startEmbedded({ dataDir, logger: createLogger('silent') });
  try {
    const { adminPassword } = (await readCredentials(dataDir)) ?? { adminPassword: '' };
    const port = Number(new URL(server.url).port);
    return await work(
      serverUrl('postgres', adminPassword, port),
      serverUrl('postgres', adminPassword, port, 'tocsin'),
    );
  } finally {
    await server.stop();
  }
}

/** Names, sizes and times of all files below a directory. */
async function listing(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  const entries = names.toSorted().map(async (name) => {
    const { size, mtimeMs, mode } = await stat(join(directory, name));
    return `${name} ${size} ${mtimeMs} ${mode}`;
  });
  return Promise.all(entries);
}
