import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet, ServerRole, TocsinServer } from './fleet.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { catchSequencing, findBackends, holderOf, withOwner } from './sequencing.ts';
import { LEASE_SECONDS, type Stage } from './stage.ts';

/** Everything that is done to a running Tocsin. */
const FAULTS = [
  'http',
  'worker',
  'sequencer',
  'pauseHttp',
  'pauseWorker',
  'terminate',
  'backend',
  'postmaster',
  'immediate',
] as const;
export type Fault = (typeof FAULTS)[number];

/** How often each was done. */
export type Kills = Record<Fault, number>;

export interface Faulting {
  readonly stage: Stage;
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly stop: AbortSignal;
  readonly tell: (what: string) => void;
}

const GAP_MS = [200, 2500] as const;
const DOWN_MS_MAX = 800;

function noKills(): Kills {
  const kills: Partial<Kills> = {};
  for (const fault of FAULTS) kills[fault] = 0;
  return kills as Kills;
}

/** Does one fault after another until it is stopped: each kind once, then all again otherwise. */
export async function inflictFaults(faulting: Faulting): Promise<Kills> {
  const { random, stop, tell } = faulting;
  const kills = noKills();
  const pauses: Promise<void>[] = [];
  let bag: Fault[] = [];
  while (!stop.aborted) {
    await delay(random.between(...GAP_MS), undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) break;
    if (bag.length === 0) bag = random.shuffled(FAULTS);
    const fault = bag.pop();
    if (fault === undefined || !(await inflict(faulting, fault, pauses))) continue;
    kills[fault]++;
    tell(`fault: ${fault}`);
  }
  await Promise.all(pauses);
  return kills;
}

/** Whether there was something to do it to. */
async function inflict(
  faulting: Faulting,
  fault: Fault,
  pauses: Promise<void>[],
): Promise<boolean> {
  const { stage, random } = faulting;
  switch (fault) {
    case 'http':
    case 'worker':
      return kill(faulting, running(faulting, fault));
    case 'pauseHttp':
      return pause(faulting, running(faulting, 'http'), pauses);
    case 'pauseWorker':
      return pause(faulting, running(faulting, 'worker'), pauses);
    case 'sequencer':
      return killSequencing(faulting);
    case 'terminate':
    case 'backend':
      return (await withOwner(stage.url, (client) => endBackend(client, random, fault))) ?? false;
    case 'postmaster':
      return signal(await stage.postmaster(), 'SIGKILL');
    case 'immediate':
      return signal(await stage.postmaster(), 'SIGQUIT');
  }
}

function running({ fleet, random }: Faulting, role: ServerRole): TocsinServer | undefined {
  const up = fleet.servers.filter((server) => server.role === role && server.url !== undefined);
  return up.length === 0 ? undefined : random.pick(up);
}

function kill({ random }: Faulting, server: TocsinServer | undefined): boolean {
  server?.kill(random.between(0, DOWN_MS_MAX));
  return server !== undefined;
}

/** Lets a process stand still, mostly for longer than its leases last. */
function pause(
  { ledger, random }: Faulting,
  server: TocsinServer | undefined,
  pauses: Promise<void>[],
): boolean {
  if (server === undefined) return false;
  const forMs = random.between(LEASE_SECONDS * 500, LEASE_SECONDS * 2000);
  const pause = { fromMs: performance.now(), toMs: Infinity };
  ledger.pauses.push(pause);
  const paused = server.pause(forMs).finally(() => (pause.toMs = performance.now()));
  pauses.push(paused);
  return true;
}

/** Kills the process that moves the inbox on at this moment; any other where none is caught. */
async function killSequencing(faulting: Faulting): Promise<boolean> {
  const { stage, fleet } = faulting;
  const pids = fleet.servers.flatMap(({ pid }) => pid ?? []);
  const backend = await withOwner(stage.url, catchSequencing);
  const pid = backend && (await holderOf(backend.client_port, pids));
  return kill(faulting, pid ? fleet.servers.find((server) => server.pid === pid) : undefined);
}

async function endBackend(
  client: Parameters<typeof findBackends>[0],
  random: Random,
  how: 'terminate' | 'backend',
): Promise<boolean> {
  const backends = await findBackends(client);
  if (backends.length === 0) return false;
  const { pid } = random.pick(backends);
  if (how === 'backend') return signal(pid, 'SIGKILL');
  await client.query('select pg_terminate_backend($1)', [pid]);
  return true;
}

function signal(pid: number | undefined, name: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
