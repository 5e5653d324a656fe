/**
 * The closed list of what can be wrong with a request: code → what it means in a few words.
 * The codes are stable and public: each has a page in docs/errors, and http/problem.ts gives it
 * its status. What can be wrong with one object of a bundle is told by the codes of stix/ and by
 * those marked `object` here.
 */
export const PROBLEMS = {
  agreement_ended: 'The agreement has ended',
  agreement_overlaps: 'The organisation already has an agreement for this community at that time',
  approval_not_needed: 'The agreement needs no approval from you',
  atomic_aborted: 'Nothing was stored, because an object was rejected',
  audience_empty: 'The audience names nobody',
  audience_limit: 'The organisation has reached its quota of audiences',
  audience_unknown: 'Unknown audience',
  body_missing: 'The request has no body',
  body_too_large: 'The body is too large',
  bundle_too_large: 'The bundle has too many objects for one JSON document',
  community_circle: 'A community would be within itself',
  community_unknown: 'Unknown community',
  content_encoding_unsupported: 'The content encoding is not supported',
  content_type_unsupported: 'The content type is not supported',
  cursor_expired: 'The cursor has expired: read again from the beginning',
  cursor_invalid: 'The cursor is not one that this server gave to your organisation',
  duplicate_key: 'A JSON object has the same key twice',
  email_taken: 'The e-mail address is taken',
  egress_refused: 'The address is not one that this server may send to',
  expectation_failed: 'The server cannot meet the expectation of the request',
  forbidden_key: 'A JSON key is not allowed',
  group_closed: 'The group is not open',
  group_limit: 'A quota of sharing groups is reached',
  headers_too_large: 'The URL and headers are too long',
  identity_mismatch: 'The identity provider does not confirm the invited address',
  identity_missing: 'The user is not bound to an identity provider',
  identity_taken: "The STIX identity is another member's",
  internal_error: 'The server failed',
  invitation_invalid: 'The link is invalid, used or expired',
  invalid_bundle: 'The body is not a STIX bundle',
  invalid_json: 'The body is not valid JSON',
  invalid_object: 'The object is not valid',
  invalid_request: 'The request is not valid',
  key_ended: 'The key opens nothing any more',
  key_exceeds_parent: 'A key cannot create a key with wider bounds',
  key_expired: 'The key has expired',
  key_in_url: 'The URL contains a key',
  key_invalid: 'The key is not valid',
  key_missing: 'The request has no key',
  key_revoked: 'The key has been revoked',
  last_admin: 'Nobody would be left to administrate the server',
  last_owner: 'The group would be left without an owner',
  line_too_long: 'A line is too long',
  logo_unsupported: 'The picture is neither PNG nor JPEG',
  lone_surrogate: 'A text holds half of a surrogate pair',
  method_not_allowed: 'The method is not available for this path',
  name_taken: 'The name is taken, or looks like one that is',
  network_not_allowed: 'The key may not be used from this address',
  not_acceptable: 'None of the accepted media types is available',
  not_an_owner: 'Only an owner of the group may do this',
  not_empty: 'Something still refers to it',
  not_found: 'Nothing exists here that you may see',
  not_ready: 'The server is not ready',
  nul_character: 'A text holds the character U+0000',
  number_not_representable: 'A number cannot be kept exactly',
  origin_not_allowed: 'The request comes from a page of another origin',
  organisation_needed: 'Several organisations have an account of yours',
  organisation_not_active: 'The organisation is not active',
  organisation_unknown: 'Unknown organisation',
  password_weak: 'The password is easy to guess',
  producer_mismatch: 'The object names another member as its creator',
  purged: 'The object was purged',
  reauthentication_needed: 'Confirm who you are',
  realm_closed: 'The exercise accepts no new content',
  realm_crossed: 'The object belongs to another realm',
  realm_not_allowed: 'Keys of an exercise cannot do this',
  realm_not_archived: 'The exercise is not archived',
  realm_unknown: 'Unknown realm',
  rate_limited: 'Too much was requested in too short a time',
  red_needs_named_organisations: 'TLP:RED goes to named organisations only',
  request_timeout: 'The request did not arrive in time',
  refresh_token_invalid: 'The refresh token is invalid or has expired',
  refresh_token_reused: 'The refresh token was used before: the session has ended',
  revocation_impossible: 'The object cannot be revoked',
  role_not_allowed: 'The role of the key does not allow this',
  second_person_needed: 'Another administrator has to do this',
  second_factor_invalid: 'The code is wrong or was used before',
  second_factor_required: 'Your account must have a second factor',
  second_factor_needed: 'Signing in to this account takes a code',
  second_factor_present: 'The account already has a second factor',
  server_busy: 'The server is busy',
  session_ended: 'The session has ended',
  sign_in_busy: 'Too many people are signing in',
  sign_in_failed: 'The e-mail address or the password is wrong',
  single_sign_on_failed: 'The identity provider did not identify you',
  single_sign_on_unknown: 'No user of this server matches your identity',
  stix1_xml: 'The body is STIX 1.x, which is XML',
  storage_full: 'The server has no storage left',
  storage_quota_exceeded: 'The organisation has reached its daily storage quota',
  subscription_limit: 'The organisation has reached its quota of subscriptions',
  tlp_below_marking: 'The level would be lower than the marking of the object',
  tlp_above_ceiling: 'The marking is above the TLP ceiling of the agreement',
  token_expired: 'The access token has expired',
  token_invalid: 'The access token is not valid',
  token_not_yet_valid: 'The access token is not valid yet',
  too_deep: 'The JSON is nested too deeply',
  too_many_at_once: 'Too many requests or streams are open at the same time',
  too_many_attempts: 'Too many attempts',
  too_many_values: 'The JSON holds too many values',
  user_needed: 'Only a signed-in user may do this',
  version_conflict: 'This id and `modified` already exist with different content',
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** A detail as a sentence that another one can follow: with a full stop, unless it has its own end. */
export function asSentence(detail: string): string {
  return /[.?!]$/.test(detail) ? detail : `${detail}.`;
}

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
