/**
 * The closed list of what can be wrong with a request: code → what it means in a few words.
 * The codes are stable and public: each has a page in docs/errors, and http/problem.ts gives it
 * its status. What can be wrong with one object of a bundle is told by the codes of stix/ and by
 * those marked `object` here.
 */
export const PROBLEMS = {
  agreement_ended: 'The agreement has ended',
  agreement_overlaps: 'The organisation has an agreement for this community at that time',
  approval_not_needed: 'The agreement waits for no approval from you',
  atomic_aborted: 'Nothing was taken, since one object could not be',
  audience_empty: 'The audience names nobody',
  audience_limit: 'The organisation has shared with as many audiences as its quota allows',
  audience_unknown: 'The audience is not known',
  body_missing: 'The request has no body',
  body_too_large: 'The body is too large',
  bundle_too_large: 'The bundle has too many objects for one JSON document',
  community_circle: 'A community would be within itself',
  community_unknown: 'The community is not known',
  content_encoding_unsupported: 'The content encoding is not supported',
  content_type_unsupported: 'The content type is not supported',
  cursor_expired: 'The cursor is older than what is kept: read again from the beginning',
  cursor_invalid: 'The cursor is not one that this server gave to your organisation',
  duplicate_key: 'A JSON object has a key twice',
  email_taken: 'The e-mail address is taken',
  egress_refused: 'The address is not one that this server may send to',
  expectation_failed: 'What the request expects cannot be given',
  forbidden_key: 'A JSON key is not allowed',
  group_closed: 'The group is not open',
  group_limit: 'A quota of sharing groups is used up',
  headers_too_large: 'The address and headers are too long',
  identity_mismatch: 'The identity provider does not confirm the invited address',
  identity_missing: 'The user is not bound to an identity provider',
  identity_taken: "The STIX identity is another member's",
  internal_error: 'The server failed',
  invitation_invalid: 'The link is not good, or not good any more',
  invalid_bundle: 'The body is not a STIX bundle',
  invalid_json: 'The body is not valid JSON',
  invalid_object: 'The object is not valid',
  invalid_request: 'The request is not valid',
  key_ended: 'The key opens nothing any more',
  key_exceeds_parent: 'A key cannot make one with wider bounds than its own',
  key_expired: 'The key has expired',
  key_in_url: 'The address carries a key',
  key_invalid: 'The key is not valid',
  key_missing: 'The request carries no key',
  key_revoked: 'The key has been revoked',
  last_admin: 'It would leave nobody to administrate the server',
  last_owner: 'It would leave the group without an owner',
  line_too_long: 'A line is too long',
  logo_unsupported: 'The picture is neither PNG nor JPEG',
  lone_surrogate: 'A text holds half of a surrogate pair',
  name_taken: 'The name is taken, or looks like one that is',
  network_not_allowed: 'The key may not be used from this address',
  not_acceptable: 'None of the accepted media types can be given',
  not_an_owner: 'Only an owner of the group may do this',
  not_found: 'There is nothing here that you may see',
  not_ready: 'The server is not ready',
  nul_character: 'A text holds the character U+0000',
  number_not_representable: 'A number cannot be kept exactly',
  origin_not_allowed: 'The request comes from a page of another origin',
  organisation_not_active: 'The organisation does not take part now',
  organisation_unknown: 'The organisation is not known',
  password_weak: 'The password is easy to guess',
  producer_mismatch: 'The object is made in the name of another member',
  purged: 'The object was purged',
  reauthentication_needed: 'Prove again who you are',
  realm_closed: 'The exercise takes nothing now',
  realm_crossed: 'The object is of another realm',
  realm_not_allowed: 'Keys of an exercise may not do this',
  realm_not_archived: 'The exercise is not archived',
  realm_unknown: 'The realm is not known',
  rate_limited: 'Too much was asked in too short a time',
  red_needs_named_organisations: 'TLP:RED goes to named organisations only',
  request_timeout: 'The request did not come in time',
  refresh_token_invalid: 'The refresh token is not good, or not good any more',
  refresh_token_reused: 'The refresh token was used before: the session has ended',
  revocation_impossible: 'The object cannot be revoked',
  role_not_allowed: 'The role of the key does not allow this',
  second_person_needed: 'Another administrator has to do this',
  second_factor_invalid: 'The code is not the one of this moment, or was used before',
  second_factor_required: 'Your account has to have a second factor',
  second_factor_needed: 'The account takes a second factor',
  second_factor_present: 'The account has a second factor',
  server_busy: 'The server has too much under way',
  session_ended: 'The session has ended',
  sign_in_busy: 'Too many people are signing in',
  sign_in_failed: 'The e-mail address or the password is wrong',
  single_sign_on_failed: 'The identity provider did not say who this is',
  single_sign_on_unknown: 'Nobody here is who the identity provider says',
  stix1_xml: 'The body is STIX 1.x, which is XML',
  storage_full: 'The server has no room left',
  storage_quota_exceeded: 'The organisation has stored as much as it may in a day',
  subscription_limit: 'The organisation has as many subscriptions as its quota allows',
  tlp_below_marking: 'The marking would be lower than the object says',
  tlp_above_ceiling: 'The marking is above the TLP ceiling of the agreement',
  token_expired: 'The access token has expired',
  token_invalid: 'The access token is not valid',
  token_not_yet_valid: 'The access token is not valid yet',
  too_deep: 'The JSON is nested too deeply',
  too_many_at_once: 'Too many requests or streams are open at the same time',
  too_many_attempts: 'Too many tries',
  too_many_values: 'The JSON holds too many values',
  user_needed: 'Only a user in person may do this',
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
