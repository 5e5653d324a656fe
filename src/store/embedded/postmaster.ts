import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../postgres/store-error.ts';

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
  // A zombie has neither directory nor command line: stale too, since PostgreSQL would heed its pid.
  if (!(await isPostmasterOf(pid, directory))) return 'stale';
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
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // "pid (name) state …", where a name may hold anything.
  return !line.slice(line.lastIndexOf(')')).startsWith(') Z');
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
  const ours = await Promise.all(pids.map((pid) => worksIn(pid, directory)));
  const orphans = pids.filter((_, index) => ours[index] === true);
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

/**
 * Whether the process is the postmaster of this cluster, or undefined where nothing tells. Its
 * working directory is its cluster; a root without CAP_SYS_PTRACE, as in many containers, may not
 * see that, but the command line, which `launch` gave it.
 */
async function isPostmasterOf(pid: number, directory: string): Promise<boolean> {
  const works = await worksIn(pid, directory);
  if (works !== undefined) return works;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return command === undefined || command.split('\0').includes(directory);
}

/** Whether the process's working directory is this one; undefined when we may not know. */
async function worksIn(pid: number, directory: string): Promise<boolean | undefined> {
  try {
    const [at, cluster] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(directory)]);
    return at.dev === cluster.dev && at.ino === cluster.ino;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another account's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** One call: a process that was seen alive may have ended before a second one. */
function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
