/** Quotas that the database counts, and storage. A row per code; errors.ts has the whole list. */
export const STORE_CODES = {
  audience_limit: { status: 409, title: 'The organisation has reached its quota of audiences' },
  key_limit: { status: 409, title: 'The organisation has reached its quota of keys' },
  query_too_costly: { status: 422, title: 'The query takes too long' },
  storage_full: { status: 503, title: 'The server has no storage left' },
  subscription_limit: {
    status: 409,
    title: 'The organisation has reached its quota of subscriptions',
  },
  user_limit: { status: 409, title: 'The organisation has reached its quota of users' },
} as const;
