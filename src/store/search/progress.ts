import type { Database } from '../postgres/database.ts';

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
