import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../postgres/store-error.ts';
import type { Account } from './account.ts';
import { clusterDirectory, diskFull } from './cluster.ts';
import { findPostmaster, stopPostmaster } from './postmaster.ts';
import type { Postmaster } from './postmaster.ts';
import { settingArguments } from './settings.ts';

/** Recovery after a crash reads up to max_wal_size of WAL; on a slow disk that takes minutes. */
const READY_TIMEOUT_MS = 600_000;
const POLL_MS = 15;
const LOG_BYTES_MAX = 10_000_000;

/**
 * Starts `postgres` detached, since it may outlive the process that started it, and waits until it
 * is ready. Its messages go to postgres.log in the data directory.
 * @throws StoreError `port_in_use`, `disk_full`, `orphans_running`, `postgres_start_failed` with the last lines of the log,
 * or what the signal aborted with, when nothing runs any more
 */
export async function launch(
  { dataDir, signal }: { dataDir: string; signal: AbortSignal | undefined },
  program: string,
  account: Account,
  settings: Record<string, string>,
): Promise<Postmaster> {
  const directory = clusterDirectory(dataDir);
  const logPath = await currentLog(dataDir);
  const { file, args, options } = account.command(program, [
    '-D',
    directory,
    ...settingArguments(settings),
  ]);
  const log = await open(logPath, 'a', 0o600);
  const from = (await log.stat()).size;
  try {
    const child = spawn(file, args, {
      ...options,
      cwd: '/',
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.unref();
    const ended = once(child, 'exit').then(
      () => 'ended' as const,
      (error: Error) => error,
    );
    const outcome = await waitUntilReady(directory, ended, signal).catch(
      async (reason: unknown) => {
        if (child.pid !== undefined) await stopPostmaster(child.pid);
        throw reason;
      },
    );
    if (typeof outcome === 'object' && 'pid' in outcome) return outcome;
    if (outcome instanceof Error) throw startFailed(outcome.message, outcome);
    if (outcome === 'timeout') throw startFailed('it was not ready within ten minutes');
    throw refusalOf(await textFrom(logPath, from), dataDir, settings['port'] ?? '');
  } finally {
    await log.close();
  }
}

async function waitUntilReady(
  directory: string,
  ended: Promise<'ended' | Error>,
  signal: AbortSignal | undefined,
): Promise<Postmaster | 'ended' | 'timeout' | Error> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    const outcome = await Promise.race([ended, delay(POLL_MS)]);
    if (outcome !== undefined) return outcome;
    const found = await findPostmaster(directory);
    if (typeof found === 'object' && found.status === 'ready') return found;
  }
  return 'timeout';
}

/** Reads a failed start's messages, which the environment keeps in English. */
function refusalOf(text: string, dataDir: string, port: string): StoreError {
  if (/Address already in use/.test(text)) return portInUse(port);
  if (/No space left on device/.test(text)) return diskFull(dataDir);
  if (/pre-existing shared memory block/.test(text)) return orphansRunning(dataDir);
  return startFailed(text.trim().split('\n').slice(-5).join(' | '));
}

/** The refusal for a port that another program listens on. */
export function portInUse(port: number | string): StoreError {
  return new StoreError(
    'port_in_use',
    `Another program listens on 127.0.0.1:${port}, the port the embedded PostgreSQL was to have.`,
    'Set another port, or unset it to use a free one.',
  );
}

function orphansRunning(dataDir: string): StoreError {
  return new StoreError(
    'orphans_running',
    `Processes of a PostgreSQL that was killed still work in ${dataDir}.`,
    'Wait until they end with their query, or end them ("ps" shows them as "postgres: …"), and start again.',
  );
}

function startFailed(what: string, cause?: unknown): StoreError {
  return new StoreError(
    'postgres_start_failed',
    `The embedded PostgreSQL did not start: ${what}.`,
    'postgres.log in the data directory says more.',
    { cause },
  );
}

/** One log and one before it, so that it cannot fill the disk. */
async function currentLog(dataDir: string): Promise<string> {
  const path = join(dataDir, 'postgres.log');
  const size = await stat(path).then(
    (entry) => entry.size,
    () => 0,
  );
  if (size > LOG_BYTES_MAX) {
    await rm(`${path}.1`, { force: true });
    await rename(path, `${path}.1`);
  }
  return path;
}

async function textFrom(path: string, offset: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const size = Math.min((await file.stat()).size - offset, 100_000);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, offset);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
