/** What can be wrong with shared objects and their audiences. A row per code; errors.ts has the whole list. */
export const INDICATOR_CODES = {
  atomic_aborted: { status: 422, title: 'Nothing was stored, because an object was rejected' },
  audience_empty: { status: 400, title: 'The audience names nobody' },
  audience_unknown: { status: 400, title: 'Unknown audience' },
  purged: { status: 409, title: 'The object was purged' },
  realm_crossed: { status: 403, title: 'The object belongs to another realm' },
  revocation_impossible: { status: 409, title: 'The object cannot be revoked' },
  storage_quota_exceeded: {
    status: 429,
    title: 'The organisation has reached its daily storage quota',
  },
  tlp_below_marking: {
    status: 409,
    title: 'The level would be lower than the marking of the object',
  },
  version_conflict: {
    status: 409,
    title: 'This id and `modified` already exist with different content',
  },
} as const;
