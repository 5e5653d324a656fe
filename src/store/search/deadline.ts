import { tooBroad } from '../../search/limits.ts';
import type { Viewer } from '../../sharing/viewer.ts';
import type { Database } from '../postgres/database.ts';
import { sqlStateOf } from '../postgres/sql-state.ts';
import { asViewer, type Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: a setting of the transaction.

/** A search has used up its time. */
class SearchTimeout extends Error {}

/** A search holds a connection no longer. */
const SECONDS_MAX = 5;

/**
 * Searches as a viewer, within the time of a search. `work` calls what it is given before each statement that
 * may take long. Few searches run at the same time. Throws Problem search_too_broad or server_busy.
 */
export async function asSearcher<T>(
  db: Database,
  viewer: Viewer,
  work: (tx: Tx, beforeEach: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const turn = db.searchTurns.ask(String(viewer.organisationId));
  try {
    await turn.begun;
    return await asViewer(db, viewer, (tx) => work(tx, limitTime(tx, SECONDS_MAX * 1000)));
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw tooBroad(SECONDS_MAX, error);
  } finally {
    turn.end();
  }
}

/**
 * What to call before each statement of a transaction, so that all of them end within `milliseconds` from now. What it calls, and the statement, then throw what isTimeout knows.
 */
function limitTime(tx: Tx, milliseconds: number): () => Promise<void> {
  const end = performance.now() + milliseconds;
  return async () => {
    const left = Math.ceil(end - performance.now());
    if (left <= 0) throw new SearchTimeout('The search takes too long');
    await tx.$queryRaw`select set_config('statement_timeout', ${String(left)}, true)`;
  };
}

/** 57014 query_canceled: of a statement in such a transaction, because of its time. */
function isTimeout(error: unknown): boolean {
  return error instanceof SearchTimeout || sqlStateOf(error) === '57014';
}
