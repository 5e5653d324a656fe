import type { Database } from '../postgres/database.ts';
import { sqlStateOf } from '../postgres/sql-state.ts';
import { asServer } from '../postgres/transaction.ts';

// SQL, not the typed client: a function of the database.

/**
 * Indexes what the log has that searches for terms and texts would not find yet, at most so many of its rows.
 * Returns how many rows are still to be indexed. See advance_search_index in prisma/definitions.
 */
export async function advanceSearchIndex({ server }: Database, rowMax: number): Promise<number> {
  const [row] = await server.$queryRaw<{ behind: number }[]>`
    select advance_search_index(${rowMax}::integer)::float8 as behind`;
  return row?.behind ?? 0;
}

/** Of large objects, fewer are indexed before a search; the worker indexes the others. */
const HURRY_MS = 1500;
/** 57014 query_canceled, 55P03 lock_not_available: another transaction indexes or purges. */
const TOO_LATE: ReadonlySet<string | undefined> = new Set(['57014', '55P03']);

/** The same before a search, which does not wait for long. Whether all is indexed. */
export async function catchUp(db: Database, rowMax: number): Promise<boolean> {
  try {
    return await asServer(db, async (tx) => {
      await tx.$queryRaw`
        select set_config('statement_timeout', ${String(HURRY_MS)}, true),
          set_config('lock_timeout', ${String(HURRY_MS)}, true)`;
      const [row] = await tx.$queryRaw<{ behind: number }[]>`
        select advance_search_index(${rowMax}::integer)::float8 as behind`;
      return row?.behind === 0;
    });
  } catch (error) {
    if (TOO_LATE.has(sqlStateOf(error))) return false;
    throw error;
  }
}
