/**
 * What checking an object finds. An error rejects the object; a warning is reported and the object stored.
 */
export interface Finding {
  /** Stable name of the rule, snake_case. */
  readonly code: string;
  /** JSONPath (RFC 9535) from the object: `$.pattern`. */
  readonly path: string;
  /** A sentence for people. */
  readonly detail: string;
  /** Where the rule stands: `STIX 2.1 section 3.2`. */
  readonly clause?: string;
}

/** At most this many findings of one severity are reported for one object. */
export const FINDINGS_MAX = 50;
