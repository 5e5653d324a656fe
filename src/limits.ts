/** The limits, in the form that the parts of the server receive; config.ts reads the figures. */

export interface RateLimits {
  /** Requests of one key in a minute. */
  readonly requests: number;
  /** Requests beyond that, in ten minutes. */
  readonly burst: number;
  /** Objects that one key may read in a minute; the page that goes beyond is still given. */
  readonly rows: number;
  /** An organisation may do so many times what one of its keys may. */
  readonly organisation: number;
  /** Wrong keys from one network in a minute. */
  readonly wrongKeys: number;
}

export interface BudgetLimits {
  /** Bytes of the whole process. */
  readonly total: number;
  /** Bytes of one organisation. */
  readonly perOrganisation: number;
  /** How long a request waits for room before it fails. */
  readonly waitMs: number;
}

/** How many may be under way at the same time. */
export interface SlotLimits {
  readonly total: number;
  readonly perOrganisation: number;
  readonly perKey: number;
}

export interface StreamLimits extends SlotLimits {
  /** Bytes of one stream that wait for its client, but for one object. */
  readonly bytesMax: number;
}

/** Below these, a client is disconnected. */
export interface AnswerLimits {
  /** For so long a client may take nothing of an answer. */
  readonly stallMs: number;
  /** What it takes on average, after that time. */
  readonly bytesPerSecond: number;
}

/** What one organisation may have at most. */
export interface Quotas {
  /** Bytes stored in a day (UTC). */
  readonly bytesPerDay: number;
  readonly audiences: number;
  readonly subscriptions: number;
  readonly keys: number;
  readonly users: number;
  readonly groups: {
    readonly owned: number;
    readonly joined: number;
    readonly members: number;
    readonly invitationsReceived: number;
    readonly invitationsSent: number;
  };
}
