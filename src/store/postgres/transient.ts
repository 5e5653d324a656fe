/**
 * Failures that come from other transactions at the same moment. The statement or transaction was
 * undone, and the next try may succeed.
 */
import { DatabaseError } from 'pg';
import { Prisma } from '../generated/client.ts';

/**
 * 40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available: a wait for a lock
 * came to its limit (PostgreSQL, appendix A).
 */
const TRANSIENT = new Set(['40001', '40P01', '55P03']);

const ATTEMPTS_MAX = 4;

/** Whether it failed only because of what other transactions held or changed. */
export function isTransient(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    return error.code === 'P2034' || /Code: `(?:40001|40P01|55P03)`/.test(error.message);
  }
  const code = error instanceof DatabaseError ? error.code : codeOfAdapter(error);
  return code !== undefined && TRANSIENT.has(code);
}

/** What Prisma's adapter makes of an error of the server has its SQLSTATE in its cause. */
function codeOfAdapter(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.cause !== 'object' || error.cause === null) {
    return undefined;
  }
  const { originalCode } = error.cause as { readonly originalCode?: unknown };
  return typeof originalCode === 'string' ? originalCode : undefined;
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
