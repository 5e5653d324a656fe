/**
 * What checking an object finds. An error refuses the object; a warning is told and the object kept.
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
