/** Pages of lists whose rows have ids. */
import { z } from 'zod';

/** Rows of a page. */
const LIMIT_MAX = 1000;

/** How many rows a page has. */
export const PageLimit = z.coerce
  .number()
  .int()
  .min(1)
  .max(LIMIT_MAX)
  .default(LIMIT_MAX)
  .meta({ description: 'The maximum number of entries' });

/** Where the page after it begins. */
export const NextPage = z
  .string()
  .nullable()
  .meta({ description: 'For `after`; null on the last page' });

/** The first `limit` of the rows that were read, which are one more where another page follows. */
export function pageOf<T extends { readonly id: string }>(
  rows: readonly T[],
  limit: number,
): { page: T[]; next: string | null } {
  const page = rows.slice(0, limit);
  return { page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}
