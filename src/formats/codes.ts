/** What can be wrong with a list of values as a whole. A row per code; errors.ts has the whole list. */
export const FORMAT_CODES = {
  columns_unknown: { status: 400, title: 'No column of the list holds values' },
  invalid_csv: { status: 400, title: 'The body is not valid CSV' },
  not_utf8: { status: 400, title: 'The body is not UTF-8' },
} as const;
