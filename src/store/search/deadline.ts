import { sqlStateOf } from '../postgres/sql-state.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: a setting of the transaction.

/** A search has used up its time. */
class SearchTimeout extends Error {}

/**
 * What to call before each statement of a transaction, so that all of them end within `milliseconds` from now. What it calls, and the statement, then throw what isTimeout knows.
 */
export function limitTime(tx: Tx, milliseconds: number): () => Promise<void> {
  const end = performance.now() + milliseconds;
  return async () => {
    const left = Math.ceil(end - performance.now());
    if (left <= 0) throw new SearchTimeout('The search takes too long');
    await tx.$queryRaw`select set_config('statement_timeout', ${String(left)}, true)`;
  };
}

/** 57014 query_canceled: of a statement in such a transaction, because of its time. */
export function isTimeout(error: unknown): boolean {
  return error instanceof SearchTimeout || sqlStateOf(error) === '57014';
}
