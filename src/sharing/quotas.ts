/** What one organisation may have at most, so that it leaves room for the others. */
export interface Quotas {
  /** Bytes that it stores in a day (UTC). */
  readonly bytesPerDay: number;
  /** Unions of communities, groups and organisations that it was the first to share with. */
  readonly audiences: number;
  readonly subscriptions: number;
  readonly groups: GroupQuotas;
}

/** How much of sharing groups there may be. */
export interface GroupQuotas {
  /** Groups that one organisation owns, and that it is in. */
  readonly owned: number;
  readonly joined: number;
  /** Members of one group, those who are invited included. */
  readonly members: number;
  /** Invitations that one organisation has to answer, and of its own that others have to answer. */
  readonly invitationsReceived: number;
  readonly invitationsSent: number;
}
