import type { SubscriptionState } from '../store/deliveries/attempts.ts';
import type { Order } from '../store/deliveries/leases.ts';
import { isContentRefused, type NextStep, type Outcome } from './retry.ts';

export interface Happened {
  readonly outcome: Outcome;
  /** Where the batch ended. */
  readonly next: number;
  /** Rows in the batch. */
  readonly rows: number;
  readonly nowMs: number;
}

/** So many objects given up in a row say that it is the endpoint that is wrong, not they. */
const DEAD_LETTERS_MAX = 5;
const BATCH_MAX = 500;

/** The state of a subscription after an attempt. Pure. */
export function stateAfter(order: Order, step: NextStep, happened: Happened): SubscriptionState {
  const { next, rows, nowMs } = happened;
  const failing = failingState(order, happened);
  switch (step.kind) {
    case 'delivered':
      return { ...deliveredState(next, nowMs), batchNow: regrown(order) };
    case 'dead_letter':
      return {
        ...failing,
        cursor: next,
        retryTo: null,
        refusals: 0,
        deadLetters: order.deadLetters + 1,
        ...(order.deadLetters + 1 >= DEAD_LETTERS_MAX && { state: 'disabled', reason: 'refusing' }),
      };
    case 'retry':
      return { ...failing, nextAttemptMs: step.atMs };
    case 'split':
      return {
        ...failing,
        batchNow: Math.max(1, Math.floor(rows / 2)),
        retryTo: null,
        refusals: 0,
      };
    case 'disable':
      return { ...failing, state: 'disabled', reason: step.reason };
  }
}

function deliveredState(cursor: number, nowMs: number): SubscriptionState {
  return {
    cursor,
    state: 'active',
    reason: null,
    batchNow: null,
    retryTo: null,
    failures: 0,
    refusals: 0,
    deadLetters: 0,
    failingSinceMs: null,
    nextAttemptMs: nowMs,
  };
}

function failingState(order: Order, { next, outcome, nowMs }: Happened): SubscriptionState {
  return {
    cursor: order.cursor,
    state: 'active',
    reason: null,
    batchNow: order.batchMax,
    retryTo: next,
    failures: order.failures + 1,
    refusals: isContentRefused(outcome) ? order.refusals + 1 : 0,
    deadLetters: order.deadLetters,
    failingSinceMs: order.failingSinceMs ?? nowMs,
    nextAttemptMs: nowMs,
  };
}

/** After what was refused is out of the way, batches double until they are whole again. */
function regrown(order: Order): number | null {
  return order.batchMax * 2 >= BATCH_MAX ? null : order.batchMax * 2;
}
