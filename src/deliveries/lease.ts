import type { Leased } from '../store/deliveries/leases.ts';

/** A subscription that a worker holds. At most one batch of it is in flight. */
export interface Lease {
  readonly id: string;
  readonly organisationId: number;
  cursor: number;
  /** What the database has as its cursor. */
  saved: number;
  /** How often its owner had changed it or set its cursor. */
  revision: number;
  /** How often its owner had set the cursor. */
  moves: number;
  waitUntilMs: number;
  /** How long objects may gather for it, and how many make a batch. */
  lingerMs: number;
  batchMax: number;
  /** Since when it is known to be behind the log, by the clock that no one sets. */
  behindSinceMs: number | undefined;
  /** Until when it is known to be ours, by the clock that no one sets. */
  heldUntilMs: number;
  /** Whether it is in the queue of those that are to run. */
  queued: boolean;
  running: boolean;
  /** Whether its last step took long. */
  slow: boolean;
}

/** A subscription that was leased at `askedMs`. */
export function newLease(leased: Leased, askedMs: number): Lease {
  const { leaseMs, nextAttemptMs, ...facts } = leased;
  const idle = { behindSinceMs: undefined, queued: false, running: false, slow: false };
  const heldUntilMs = askedMs + leaseMs;
  return { ...facts, ...idle, saved: facts.cursor, waitUntilMs: nextAttemptMs, heldUntilMs };
}

/** Renews a lease, and takes over what its owner has changed: replayed it, say, or told it to try again now. */
export function renewLease(lease: Lease, leased: Leased, askedMs: number): void {
  const { cursor, revision, moves, nextAttemptMs, lingerMs, batchMax } = leased;
  lease.heldUntilMs = askedMs + leased.leaseMs;
  if (lease.running) return;
  // A changed filter applies from where it has read to, which may be further than what is stored.
  if (cursor !== lease.saved || moves !== lease.moves) {
    Object.assign(lease, { cursor, saved: cursor, moves });
  }
  if (revision !== lease.revision || nextAttemptMs < lease.waitUntilMs) {
    lease.waitUntilMs = nextAttemptMs;
  }
  Object.assign(lease, { lingerMs, batchMax, revision });
}

/** Now: `clockMs` by the clock of the database's times, `nowMs` by the one that no one sets. */
export interface Moment {
  readonly head: number;
  readonly clockMs: number;
  readonly nowMs: number;
}

/** In how many milliseconds a lease is to run: 0 is now; undefined where something else has to happen before. */
export function dueIn(lease: Lease, { head, clockMs, nowMs }: Moment): number | undefined {
  if (lease.running || lease.cursor >= head || lease.waitUntilMs > clockMs) return undefined;
  if (lease.lingerMs === 0 || isFull(lease, head)) return 0;
  lease.behindSinceMs ??= nowMs;
  return Math.max(0, lease.behindSinceMs + lease.lingerMs - nowMs);
}

/** Whether there may be a whole batch for it. */
export function isFull({ cursor, batchMax }: Lease, head: number): boolean {
  return head - cursor >= batchMax;
}
