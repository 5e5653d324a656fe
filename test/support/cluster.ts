import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clusterDirectory } from '../../src/store/embedded/cluster.ts';
import type { Logger } from '../../src/store/embedded/ensure.ts';
import { endServerProcesses } from '../../src/store/embedded/postmaster.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';

/** Durability costs the tests time and gives them nothing, except where a test kills PostgreSQL. */
export const HASTY = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_connections: '200',
};

const run = promisify(execFile);
const PREFIX = 'tocsin-test-';

/** An embedded PostgreSQL of this run's own, in a temporary directory that goes with it. */
export async function startTestCluster(
  logger: Logger,
): Promise<{ url: string; stop(): Promise<void> }> {
  await sweepTestDirectories();
  const dataDir = await testDirectory();
  const server = await startEmbedded({ dataDir, settings: HASTY, logger });
  const atExit = () => endAtOnce(dataDir);
  process.once('exit', atExit);
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
      process.off('exit', atExit);
    },
  };
}

/** An interrupted run exits without its teardown, and an exit waits for nothing. */
function endAtOnce(dataDir: string): void {
  const lines = readFileSync(join(clusterDirectory(dataDir), 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(lines[0]), 'SIGQUIT');
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
}

/** A fresh directory, mode 0700, whose name tells whose it is. */
export function testDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** A copy of a data directory whose server is stopped, owners and modes included. */
export async function copyOf(dataDir: string): Promise<string> {
  const copy = await testDirectory();
  await run('cp', ['-a', `${dataDir}/.`, copy]);
  return copy;
}

/** Ends a directory's PostgreSQL, if one runs there, and removes it. */
export async function removeTestDirectory(directory: string): Promise<void> {
  await endServerProcesses(clusterDirectory(directory));
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Clears away what runs left that were killed. */
async function sweepTestDirectories(): Promise<void> {
  const names = await readdir(tmpdir());
  const dead = names.filter((name) => name.startsWith(PREFIX) && !isAlive(ownerOf(name)));
  await Promise.all(dead.map((name) => removeTestDirectory(join(tmpdir(), name))));
}

function ownerOf(name: string): number {
  return Number(name.slice(PREFIX.length).split('-')[0]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
