/** What can be wrong with a request, whatever it asks for. A row per code; errors.ts has the whole list. */
export const HTTP_CODES = {
  body_missing: { status: 400, title: 'The request has no body' },
  content_encoding_unsupported: { status: 415, title: 'The content encoding is not supported' },
  content_type_unsupported: { status: 415, title: 'The content type is not supported' },
  expectation_failed: {
    status: 417,
    title: 'The server cannot meet the expectation of the request',
  },
  headers_too_large: { status: 431, title: 'The URL and headers are too long' },
  invalid_bundle: { status: 400, title: 'The body is not a STIX bundle' },
  key_in_url: { status: 400, title: 'The URL contains a key' },
  key_missing: { status: 401, title: 'The request has no key' },
  line_too_long: { status: 413, title: 'A line is too long' },
  method_not_allowed: { status: 405, title: 'The method is not available for this path' },
  not_acceptable: { status: 406, title: 'None of the accepted media types is available' },
  origin_not_allowed: { status: 403, title: 'The request comes from a page of another origin' },
  rate_limited: { status: 429, title: 'Too much was requested in too short a time' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  second_factor_required: { status: 403, title: 'Your account must have a second factor' },
  token_expired: { status: 401, title: 'The access token has expired' },
  token_invalid: { status: 401, title: 'The access token is not valid' },
  token_not_yet_valid: { status: 401, title: 'The access token is not valid yet' },
  too_many_at_once: {
    status: 429,
    title: 'Too many requests or streams are open at the same time',
  },
  user_needed: { status: 403, title: 'Only a signed-in user may do this' },
} as const;
