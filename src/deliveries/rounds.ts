/**
 * When a worker looks for deliveries. Those that begin together are read together and settled together, so each
 * costs less the more there are. While little happens, a round begins as soon as the log has grown. When one round
 * follows another, objects gather in between: the longer, the busier the process and its database are. How long
 * receivers take has no part in it.
 */
import { performance as loop } from 'node:perf_hooks';

/** Rounds begin at least so far apart. */
const GAP_MIN_MS = 40;
/** However busy the process and the database are. */
const GAP_MAX_MS = 300;
/** Reading for deliveries takes at most one part in so many of the time. */
const SHARE = 3;
/** How much the last round counts in the average. */
const WEIGHT = 0.25;
/** A process whose event loop is busy for more of the time lets objects gather. */
const BUSY = 0.5;

export interface Rounds {
  /** Begins a round as soon as the one before is far enough in the past. */
  request(): void;
  /** The same, not before `ms` from now. */
  requestIn(ms: number): void;
  /** How long the last round took until everything for it was read. */
  took(ms: number): void;
  stop(): void;
}

/** `run` returns whether anything was to be done: a round of nothing delays no other. */
export function startRounds(run: () => boolean): Rounds {
  let lastMs = Number.NEGATIVE_INFINITY;
  let readMs = 0;
  let before = loop.eventLoopUtilization();
  let busyMs = 0;
  let timer: { readonly atMs: number; readonly handle: NodeJS.Timeout } | undefined;
  let stopped = false;

  const begin = (): void => {
    timer = undefined;
    const startMs = performance.now();
    if (stopped || !run()) return;
    lastMs = startMs;
    const now = loop.eventLoopUtilization();
    const { utilization } = loop.eventLoopUtilization(now, before);
    before = now;
    // Not a number where no time has passed.
    const excess = utilization > BUSY ? (utilization - BUSY) / (1 - BUSY) : 0;
    busyMs += WEIGHT * (excess * GAP_MAX_MS - busyMs);
  };
  const at = (wantedMs: number): void => {
    if (stopped) return;
    const gapMs = Math.min(GAP_MAX_MS, Math.max(GAP_MIN_MS, readMs * SHARE, busyMs));
    const atMs = Math.max(wantedMs, lastMs + gapMs);
    if (timer !== undefined && timer.atMs <= atMs) return;
    clearTimeout(timer?.handle);
    timer = { atMs, handle: setTimeout(begin, Math.max(0, atMs - performance.now())) };
  };
  return {
    request: () => at(performance.now()),
    requestIn: (ms) => at(performance.now() + ms),
    took: (ms) => {
      readMs += WEIGHT * (ms - readMs);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer?.handle);
    },
  };
}
