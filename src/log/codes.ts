/** What can be wrong with a cursor. A row per code; errors.ts has the whole list. */
export const LOG_CODES = {
  cursor_expired: { status: 410, title: 'The cursor has expired: read again from the beginning' },
  cursor_invalid: {
    status: 400,
    title: 'The cursor is not one that this server gave to your organisation',
  },
} as const;
