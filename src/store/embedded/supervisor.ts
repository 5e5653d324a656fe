import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from './postmaster.ts';

const LOOK_EVERY_MS = 200;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 30_000;

/** What the supervisor may ask and must tell. */
export interface Supervised {
  /** Starts the server again; it may fail, and is asked again after a growing pause. */
  restart(): Promise<{ pid: number }>;
  exited(pid: number): void;
  failed(error: unknown, retryInMs: number): void;
}

/**
 * Watches the process `pid` until the signal aborts, and has it restarted whenever it is gone.
 * It looks at the process table, since the server need not be our child.
 */
export async function supervise(
  pid: number,
  server: Supervised,
  signal: AbortSignal,
): Promise<void> {
  let watched = pid;
  while (await pause(LOOK_EVERY_MS, signal)) {
    if (await isRunning(watched)) continue;
    server.exited(watched);
    watched = (await restarted(server, signal)) ?? watched;
  }
}

async function restarted(server: Supervised, signal: AbortSignal): Promise<number | undefined> {
  for (let backoffMs = BACKOFF_MS_MIN; !signal.aborted; backoffMs = grown(backoffMs)) {
    try {
      return (await server.restart()).pid;
    } catch (error) {
      server.failed(error, backoffMs);
      await pause(backoffMs, signal);
    }
  }
  return undefined;
}

function grown(backoffMs: number): number {
  return Math.min(backoffMs * 2, BACKOFF_MS_MAX);
}

/** False when the signal aborted. It does not keep the process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal, ref: false }).catch(() => false);
}
