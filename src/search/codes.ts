/** What can be wrong with a search. A row per code; errors.ts has the whole list. */
export const SEARCH_CODES = {
  search_syntax: { status: 400, title: 'The text of the search is not valid' },
  search_too_broad: { status: 422, title: 'The search would take too long' },
} as const;
