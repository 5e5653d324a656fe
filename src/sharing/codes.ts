/** What the policy rejects. A row per code; errors.ts has the whole list. */
export const SHARING_CODES = {
  producer_mismatch: { status: 403, title: 'The object names another member as its creator' },
  red_needs_named_organisations: { status: 400, title: 'TLP:RED goes to named organisations only' },
  tlp_above_ceiling: {
    status: 403,
    title: 'The marking is above the TLP ceiling of the agreement',
  },
} as const;
