/**
 * Failures that come from other transactions at the same moment. The statement or transaction was
 * undone, and the next try may succeed.
 */
import { sqlStateOf } from './sql-state.ts';

/**
 * 40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available: a wait for a lock
 * came to its limit (PostgreSQL, appendix A).
 */
const TRANSIENT = new Set(['40001', '40P01', '55P03']);

const ATTEMPTS_MAX = 4;

/** Whether it failed only because of what other transactions held or changed. */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && TRANSIENT.has(state);
}

/**
 * Runs `work`, and runs it again where it failed transiently; the last failure is thrown. `work` is
 * one statement or one whole transaction, and changes nothing else.
 */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isTransient(error)) throw error;
    }
  }
}
