/**
 * The closed list of what can be wrong with a request: code → what it means in a few words.
 * The codes are stable and public: each has a page in docs/errors, and http/problem.ts gives it
 * its status. What can be wrong with one object of a bundle is told by the codes of stix/ and by
 * those marked `object` here.
 */
export const PROBLEMS = {
  atomic_aborted: 'Nothing was taken, since one object could not be',
  audience_empty: 'The audience names nobody',
  audience_not_yours: 'The audience is not one that your organisation may share with',
  audience_unknown: 'The audience is not known',
  body_missing: 'The request has no body',
  body_too_large: 'The body is too large',
  bundle_too_large: 'The bundle has too many objects for one JSON document',
  content_encoding_unsupported: 'The content encoding is not supported',
  content_type_unsupported: 'The content type is not supported',
  cursor_invalid: 'The cursor is not one that this server gave to your organisation',
  cursor_expired: 'The cursor is older than what is kept: read again from the beginning',
  duplicate_key: 'A JSON object has a key twice',
  egress_refused: 'The address is not one that this server may send to',
  forbidden_key: 'A JSON key is not allowed',
  internal_error: 'The server failed',
  invalid_json: 'The body is not valid JSON',
  invalid_bundle: 'The body is not a STIX bundle',
  invalid_object: 'The object is not valid',
  invalid_request: 'The request is not valid',
  key_expired: 'The key has expired',
  key_invalid: 'The key is not valid',
  key_missing: 'The request carries no key',
  key_revoked: 'The key has been revoked',
  line_too_long: 'A line is too long',
  lone_surrogate: 'A text holds half of a surrogate pair',
  method_not_allowed: 'The method is not allowed here',
  not_acceptable: 'None of the accepted media types can be given',
  not_found: 'There is nothing here that you may see',
  not_ready: 'The server is not ready',
  nul_character: 'A text holds the character U+0000',
  number_not_representable: 'A number cannot be kept exactly',
  organisation_not_active: 'The organisation does not take part now',
  producer_mismatch: 'The object is made in the name of another member',
  red_needs_named_organisations: 'TLP:RED goes to named organisations only',
  revocation_impossible: 'The object cannot be revoked',
  role_not_allowed: 'The role of the key does not allow this',
  stale_update: 'Something else changed it in the meantime',
  subscription_limit: 'The organisation has as many subscriptions as it may',
  tlp_below_marking: 'The marking would be lower than the object says',
  tlp_above_ceiling: 'The marking is above the TLP ceiling of the agreement',
  too_deep: 'The JSON is nested too deeply',
  version_conflict: 'Another content was shared under this id and modified',
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * Something that the caller must be told. Verbs throw it; only http/problem.ts knows statuses.
 * `path` says where in the request (a JSON path or a parameter), `detail` what to do about it.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly path: string | undefined;
  /** Further members of the answer (RFC 9457 §3.2), such as a limit or the results so far. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { path?: string; extra?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.path = options.path;
    this.extra = options.extra ?? {};
  }
}
