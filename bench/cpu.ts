/**
 * Who used the processors meanwhile, from /proc: what a bench measures on a busy machine says little
 * without it. Without /proc, it reports nothing.
 */
import { readdir, readFile } from 'node:fs/promises';

/** Seconds of processor time in a stretch of the bench. */
export interface CpuUse {
  readonly server: number;
  readonly database: number;
  /** This process: the load and the receivers. */
  readonly bench: number;
  /** Everything else on the machine. */
  readonly others: number;
}

/** The sum of two; unknown if one is. */
export function addCpu(a: CpuUse | undefined, b: CpuUse | undefined): CpuUse | undefined {
  if (a === undefined || b === undefined) return undefined;
  const sum = (part: keyof CpuUse): number => Math.round((a[part] + b[part]) * 100) / 100;
  return {
    server: sum('server'),
    database: sum('database'),
    bench: sum('bench'),
    others: sum('others'),
  };
}

interface Snapshot {
  readonly server: number;
  readonly database: number;
  readonly bench: number;
  readonly machine: number;
}

const TICKS_PER_SECOND = 100;

/** Starts counting; the returned function tells what was used since. */
export async function watchCpu(serverPid: number): Promise<() => Promise<CpuUse | undefined>> {
  const before = await snapshot(serverPid);
  return async () => {
    const after = await snapshot(serverPid);
    if (before === undefined || after === undefined) return undefined;
    const used = (part: keyof Snapshot): number =>
      Math.round(((after[part] - before[part]) / TICKS_PER_SECOND) * 100) / 100;
    const [server, database, bench] = [used('server'), used('database'), used('bench')];
    const others = Math.max(
      0,
      Math.round((used('machine') - server - database - bench) * 100) / 100,
    );
    return { server, database, bench, others };
  };
}

async function snapshot(serverPid: number): Promise<Snapshot | undefined> {
  try {
    const postmaster = await findPostmaster(serverPid);
    const [server, bench, database, machine] = await Promise.all([
      ticksOf(serverPid),
      ticksOf(process.pid),
      ticksOfTree(postmaster),
      ticksOfMachine(),
    ]);
    return { server, bench, database, machine };
  } catch {
    return undefined;
  }
}

/** The embedded server whose data directory is in the server's own TOCSIN_DATA_DIR. */
async function findPostmaster(serverPid: number): Promise<number> {
  const environment = await readFile(`/proc/${serverPid}/environ`, 'utf8');
  const dataDir = /(?:^|\0)TOCSIN_DATA_DIR=([^\0]*)/.exec(environment)?.[1] ?? '';
  for (const name of await readdir(dataDir)) {
    const text = await readFile(`${dataDir}/${name}/postmaster.pid`, 'utf8').catch(() => '');
    if (text !== '') return Number(text.split('\n')[0]);
  }
  throw new Error('No postmaster');
}

/** Of a process, its living children, and those that have ended. */
async function ticksOfTree(pid: number): Promise<number> {
  const fields = await statOf(pid);
  const own = ticks(fields, 11, 4);
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  const living = await Promise.all(children.map((child) => ticksOf(Number(child)).catch(() => 0)));
  return living.reduce((sum, one) => sum + one, own);
}

async function ticksOf(pid: number): Promise<number> {
  return ticks(await statOf(pid), 11, 2);
}

async function ticksOfMachine(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .split(/ +/)
    .slice(1)
    .map(Number);
  return user + nice + system + irq + softirq;
}

/** The fields of /proc/<pid>/stat from the third on: the second may hold blanks. */
async function statOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function ticks(fields: readonly string[], from: number, count: number): number {
  return fields.slice(from, from + count).reduce((sum, field) => sum + Number(field), 0);
}
