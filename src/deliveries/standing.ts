import type { Standing } from '../store/attempts.ts';
import type { Order } from '../store/leases.ts';
import type { Decision, Outcome } from './retry.ts';

export interface Happened {
  readonly outcome: Outcome;
  /** Where the batch ended. */
  readonly next: number;
  /** Rows in the batch. */
  readonly rows: number;
  readonly nowMs: number;
}

/** Where a subscription stands after a decision about an attempt. Pure. */
export function standingAfter(order: Order, decision: Decision, happened: Happened): Standing {
  const { next, rows, nowMs } = happened;
  const failing = {
    cursor: order.cursor,
    state: 'active' as const,
    reason: null,
    batchNow: order.batchMax,
    retryTo: next,
    failures: order.failures + 1,
    refusals: isRefusal(happened.outcome) ? order.refusals + 1 : 0,
    failingSinceMs: order.failingSinceMs ?? nowMs,
    nextAttemptMs: nowMs,
  };
  switch (decision.kind) {
    case 'delivered':
    case 'dead_letter':
      return { ...caughtUp(next, nowMs), batchNow: regrown(order, decision.kind) };
    case 'retry':
      return { ...failing, nextAttemptMs: decision.atMs };
    case 'split':
      return {
        ...failing,
        batchNow: Math.max(1, Math.floor(rows / 2)),
        retryTo: null,
        refusals: 0,
      };
    case 'disable':
      return { ...failing, state: 'disabled', reason: decision.reason };
  }
}

function caughtUp(cursor: number, nowMs: number): Standing {
  return {
    cursor,
    state: 'active',
    reason: null,
    batchNow: null,
    retryTo: null,
    failures: 0,
    refusals: 0,
    failingSinceMs: null,
    nextAttemptMs: nowMs,
  };
}

/** After what was refused is out of the way, batches double until they are whole again. */
function regrown(order: Order, kind: 'delivered' | 'dead_letter'): number | null {
  if (kind === 'dead_letter') return order.batchMax;
  return order.batchMax * 2 >= BATCH_MAX ? null : order.batchMax * 2;
}

const BATCH_MAX = 500;

function isRefusal(outcome: Outcome): boolean {
  return 'status' in outcome && (outcome.status === 400 || outcome.status === 422);
}
