/** What one organisation may have at most, so that it leaves room for the others. */
export interface Quotas {
  /** Bytes that it stores in a day (UTC). */
  readonly bytesPerDay: number;
  /** Unions of communities, groups and organisations that it was the first to share with. */
  readonly audiences: number;
  readonly subscriptions: number;
  /** Valid keys, and users who are not disabled; with all that were created in the last day. */
  readonly keys: number;
  readonly users: number;
  readonly groups: GroupQuotas;
}

/** How much of sharing groups there may be. */
export interface GroupQuotas {
  /** Groups that one organisation owns, and that it is in. */
  readonly owned: number;
  readonly joined: number;
  /** Members of one group, those who are invited included. */
  readonly members: number;
  /** Invitations of one organisation that another has to answer, and that all others have to answer. */
  readonly invitationsReceived: number;
  readonly invitationsSent: number;
}
