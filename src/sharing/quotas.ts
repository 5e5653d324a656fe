/** What one organisation may have at most, so that it leaves room for the others. */
export interface Quotas {
  readonly subscriptions: number;
}
