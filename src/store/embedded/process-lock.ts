import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Locks between processes that end with the process that holds them, even at `kill -9`.
 * Node offers no flock(2); SQLite's file locks are the kernel's own and work on every platform.
 */
export interface ProcessLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes the lock at `path`, or answers undefined when another holder is in the way.
 * Any number may hold it `shared`; `exclusive` suffers nobody else.
 */
export function tryLock(path: string, mode: 'shared' | 'exclusive'): ProcessLock | undefined {
  const file = new DatabaseSync(path);
  try {
    // Nothing is ever written, so nothing has to be journalled.
    file.exec('pragma journal_mode = off');
    if (mode === 'exclusive') file.exec('begin exclusive');
    else file.exec('begin; select count(*) from sqlite_schema');
    return { release: () => file.close() };
  } catch (error) {
    file.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/**
 * Waits for the exclusive lock at `path`; undefined when it was not free within `timeoutMs`.
 * Rejects when the signal aborts.
 */
export async function waitForLock(
  path: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<ProcessLock | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(path, 'exclusive');
    if (lock !== undefined || performance.now() > deadline) return lock;
    signal?.throwIfAborted();
    await delay(25);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
