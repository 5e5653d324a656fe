/**
 * Somebody fills the disk: what cannot be stored is rejected as such, reading still works, and so
 * does everything once there is room. On real file systems that are small, which takes the right to mount.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { serve } from '../../src/commands/serve/serve.ts';
import { readConfig } from '../../src/config.ts';
import { clusterDirectory } from '../../src/store/embedded/cluster.ts';
import { readCredentials } from '../../src/store/embedded/credentials.ts';
import { findPostmaster } from '../../src/store/embedded/postmaster.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { createLogger } from '../../src/telemetry.ts';
import { anActor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { hasCapability } from '../support/capabilities.ts';
import { HASTY, removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { query } from '../support/tocsin-process.ts';
import { startTocsin } from '../support/tocsin.ts';

const run = promisify(execFile);
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const MIB = 1024 * 1024;
const cleaning: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  const failures: unknown[] = [];
  // A server that cannot stop must not leave its disk mounted.
  for (const clean of cleaning.splice(0).toReversed()) {
    await clean().catch((error: unknown) => failures.push(error));
  }
  expect(failures).toEqual([]);
});

/** A file system of so many MiB of its own. */
async function smallDisk(mib: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-disk-'));
  cleaning.push(() => rm(directory, { recursive: true, force: true }));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0755`, 'tmpfs', directory]);
  cleaning.push(() => run('umount', ['-l', directory]));
  return directory;
}

async function freeBytes(directory: string): Promise<number> {
  const { stdout } = await run('df', ['-B1', '--output=avail', directory]);
  return Number(stdout.split('\n')[1]);
}

/** Fills a disk until so many MiB are free; resolves to what makes room again. */
async function fillUp(directory: string, freeMib: number): Promise<() => Promise<void>> {
  const available = await freeBytes(directory);
  const ballast = join(directory, 'ballast');
  await writeFile(ballast, Buffer.alloc(Math.max(0, available - freeMib * MIB)));
  return () => rm(ballast);
}

/** The URL of a migrated database of which all but the cluster's own log is on a disk. */
async function databaseOn(disk: string): Promise<string> {
  const dataDir = await testDirectory();
  cleaning.push(() => removeTestDirectory(dataDir));
  const cluster = await startEmbedded({ dataDir, settings: HASTY, logger: SILENT });
  cleaning.push(() => cluster.stop());
  const { uid, gid } = await stat(clusterDirectory(dataDir));
  const location = join(disk, 'space');
  await mkdir(location);
  await chown(location, uid, gid);
  const url = new URL(cluster.url);
  const owner = url.username;
  const { adminPassword = '' } = (await readCredentials(dataDir)) ?? {};
  url.username = 'postgres';
  url.password = adminPassword;
  await query(url.href, `create tablespace small owner ${owner} location '${location}'`);
  await query(url.href, `create database small owner ${owner} tablespace small`);
  const small = new URL(cluster.url);
  small.pathname = '/small';
  await migrate({ url: small.href, logger: SILENT });
  return small.href;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** A client of one server with one key. */
function clientOf(url: string, key: string) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const send = async (path: string, body?: object): Promise<Answer> => {
    const init =
      body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, init);
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as Record<string, unknown>,
    };
  };
  const post = (): Promise<Answer> => {
    const description = randomBytes(4000).toString('hex');
    const objects = Array.from({ length: 40 }, () => indicator({ description }));
    return send('/api/v1/bundles', bundle(objects));
  };
  return {
    send,
    post,
    /** Posts until something else than 200 comes; how many were taken before, and that. */
    async postUntilRefused(): Promise<{ taken: number; refusal: Answer }> {
      for (let taken = 0; taken < 2000; taken++) {
        const answer = await post();
        if (answer.status !== 200) return { taken, refusal: answer };
      }
      throw new Error('Everything was taken');
    },
    readiness: async (): Promise<string> => {
      const { status, body } = await send('/readyz');
      return `${status} ${String(body['code'] ?? body['status'])}`;
    },
  };
}

const FULL = { status: 503, body: { code: 'storage_full' } };

describe.runIf(hasCapability('sys_admin'))('a full disk', () => {
  it('of the database: posts and /readyz say so, reads still work, and posts work again with room', async () => {
    const disk = await smallDisk(96);
    const tocsin = await startTocsin({ databaseUrl: await databaseOn(disk) });
    cleaning.push(() => tocsin.close());
    const actor = await anActor(tocsin);
    const client = clientOf(tocsin.url, actor.key);
    expect(await client.readiness()).toBe('200 ready');
    const makeRoom = await fillUp(disk, 3);

    const { taken, refusal } = await client.postUntilRefused();
    expect(taken).toBeGreaterThan(0);
    expect(refusal).toMatchObject(FULL);
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
    await expect.poll(client.readiness).toBe('503 storage_full');
    expect((await client.send('/api/v1/changes')).status).toBe(200);
    expect((await client.send('/api/v1/me')).status).toBe(200);

    await makeRoom();
    await expect.poll(client.readiness).toBe('200 ready');
    expect((await client.post()).status).toBe(200);
    // All that was answered with success, and no more, is there.
    const [stored] = await tocsin.sql('select count(*)::int as versions from version');
    expect(stored).toEqual({ versions: (taken + 1) * 40 });
  });

  it('of the embedded database: posts are rejected before PostgreSQL stops, and reads still work', async () => {
    const disk = await smallDisk(400);
    const config = readConfig({
      TOCSIN_DATA_DIR: disk,
      PORT: '0',
      TOCSIN_DATABASE_POOL: '4',
      TOCSIN_STORAGE_FREE_MIN: String(60 * MIB),
    });
    const server = await serve(config, createLogger('silent'), ['http']);
    cleaning.push(() => server.close());
    const key = (await readFile(join(disk, 'admin.key'), 'utf8')).trim();
    const client = clientOf(server.url, key);
    expect(await client.readiness()).toBe('200 ready');
    expect((await client.post()).status).toBe(200);
    const running = await findPostmaster(join(disk, 'postgres'));
    const makeRoom = await fillUp(disk, 90);

    const { refusal } = await client.postUntilRefused();
    expect(refusal).toMatchObject(FULL);
    await expect.poll(client.readiness).toBe('503 storage_full');
    expect((await client.send('/api/v1/changes')).status).toBe(200);
    // However much is sent now, nothing is stored, and PostgreSQL has room for its own log.
    for (let i = 0; i < 100; i++) expect(await client.post()).toMatchObject(FULL);
    expect(await freeBytes(disk)).toBeGreaterThan(30 * MIB);
    expect(await findPostmaster(join(disk, 'postgres'))).toEqual(running);

    await makeRoom();
    await expect.poll(client.readiness).toBe('200 ready');
    expect((await client.post()).status).toBe(200);
  });
});
