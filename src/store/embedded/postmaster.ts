import { readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../store-error.ts';

/** A running postmaster, as its own postmaster.pid tells. */
export interface Postmaster {
  pid: number;
  port: number;
  status: 'starting' | 'ready' | 'stopping' | 'standby';
}

/** What postmaster.pid says: a live postmaster, none, or a pid that another program has by now. */
export type Finding = Postmaster | 'none' | 'stale';

const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** Looks who runs the cluster in `directory`; see miscadmin.h of PostgreSQL for the file's lines. */
export async function findPostmaster(directory: string): Promise<Finding> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Math.abs(Number(lines[0]));
  if (!(pid > 0) || !isAlive(pid)) return 'none';
  if (!(await worksIn(pid, directory))) return 'stale';
  const status = lines[7]?.trim();
  return {
    pid,
    port: Number(lines[3]) || 0,
    status:
      status === 'ready' || status === 'stopping' || status === 'standby' ? status : 'starting',
  };
}

/** Whether the process exists; a zombie whose parent does not care counts as gone. */
export async function isRunning(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

/**
 * Stops the postmaster in order ("fast": sessions are ended, all data written), at last without.
 * @throws StoreError `postgres_stop_failed` when even that did not end it
 */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const [signal, timeoutMs] of [
    ['SIGINT', STOP_TIMEOUT_MS],
    ['SIGQUIT', 10_000],
  ] as const) {
    signalIfAlive(pid, signal);
    if (await goneWithin(pid, timeoutMs)) return;
  }
  throw new StoreError(
    'postgres_stop_failed',
    `The embedded PostgreSQL (pid ${pid}) does not stop.`,
    'See postgres.log in the data directory; its data is safe once it has ended.',
  );
}

/**
 * Ends at once whatever PostgreSQL processes work on the cluster, and answers their pids. Those whose
 * postmaster was killed may keep a new one from starting for as long as their query lasts. Linux
 * only; elsewhere PostgreSQL's own check refuses the start.
 */
export async function endServerProcesses(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0);
  const ours = await Promise.all(pids.map((pid) => worksIn(pid, directory, false)));
  const orphans = pids.filter((_, index) => ours[index]);
  for (const pid of orphans) signalIfAlive(pid, 'SIGQUIT');
  await Promise.all(orphans.map((pid) => goneWithin(pid, 5_000)));
  return orphans;
}

async function goneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** PostgreSQL's processes work in their data directory. Where /proc is absent we take `otherwise`. */
async function worksIn(pid: number, directory: string, otherwise = true): Promise<boolean> {
  if (process.platform !== 'linux') return otherwise;
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return cwd !== undefined && cwd === directory;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another account's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, signal);
}
