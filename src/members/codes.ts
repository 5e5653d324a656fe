/** What can be wrong with organisations, agreements, communities, groups and realms. A row per code; errors.ts has the whole list. */
export const MEMBER_CODES = {
  agreement_ended: { status: 409, title: 'The agreement has ended' },
  agreement_overlaps: {
    status: 409,
    title: 'The organisation already has an agreement for this community at that time',
  },
  approval_not_needed: { status: 409, title: 'The agreement needs no approval from you' },
  community_circle: { status: 400, title: 'A community cannot contain itself' },
  community_unknown: { status: 400, title: 'Unknown community' },
  group_closed: { status: 403, title: 'The group is not open' },
  group_limit: { status: 409, title: 'A quota of sharing groups is reached' },
  identity_taken: { status: 409, title: "The STIX identity is another member's" },
  last_owner: { status: 409, title: 'The group must have at least one owner' },
  logo_unsupported: { status: 415, title: 'The picture is neither PNG nor JPEG' },
  name_taken: { status: 409, title: 'The name is taken, or looks like one that is' },
  not_an_owner: { status: 403, title: 'Only an owner of the group may do this' },
  not_empty: { status: 409, title: 'Something still refers to it' },
  organisation_unknown: { status: 400, title: 'Unknown organisation' },
  realm_closed: { status: 409, title: 'The exercise accepts no new content' },
  realm_not_archived: { status: 409, title: 'The exercise is not archived' },
} as const;
