/**
 * The one place that knows statuses: from what a verb throws to an RFC 9457 answer.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Problem, PROBLEMS, type ProblemCode } from '../errors.ts';
import { JsonFault } from '../stix/json/fault.ts';
import { isOutage, isStorageFull } from '../store/postgres/outage.ts';
import { noRoom } from '../store/postgres/room.ts';
import { isTransient } from '../store/postgres/transient.ts';
import { problemOfBody } from './body/problems.ts';
import { answerAndClose, dropRest } from './body/rest-of-body.ts';

const STATUSES: Partial<Record<ProblemCode, number>> = {
  agreement_ended: 409,
  agreement_overlaps: 409,
  approval_not_needed: 409,
  atomic_aborted: 422,
  audience_limit: 409,
  body_too_large: 413,
  bundle_too_large: 413,
  content_encoding_unsupported: 415,
  content_type_unsupported: 415,
  cursor_expired: 410,
  email_taken: 409,
  expectation_failed: 417,
  group_closed: 403,
  group_limit: 409,
  headers_too_large: 431,
  identity_mismatch: 403,
  identity_missing: 409,
  identity_taken: 409,
  internal_error: 500,
  invalid_object: 422,
  key_ended: 409,
  key_exceeds_parent: 403,
  key_expired: 401,
  key_invalid: 401,
  key_missing: 401,
  key_revoked: 401,
  last_admin: 409,
  last_owner: 409,
  not_empty: 409,
  line_too_long: 413,
  logo_unsupported: 415,
  method_not_allowed: 405,
  name_taken: 409,
  network_not_allowed: 403,
  not_acceptable: 406,
  not_an_owner: 403,
  not_found: 404,
  not_ready: 503,
  organisation_needed: 400,
  organisation_not_active: 403,
  origin_not_allowed: 403,
  producer_mismatch: 403,
  purged: 409,
  reauthentication_needed: 401,
  realm_closed: 409,
  realm_crossed: 403,
  realm_not_allowed: 403,
  realm_not_archived: 409,
  rate_limited: 429,
  request_timeout: 408,
  refresh_token_invalid: 401,
  refresh_token_reused: 401,
  revocation_impossible: 409,
  role_not_allowed: 403,
  second_person_needed: 403,
  second_factor_invalid: 401,
  second_factor_required: 403,
  second_factor_needed: 401,
  second_factor_present: 409,
  server_busy: 503,
  session_ended: 401,
  sign_in_busy: 503,
  sign_in_failed: 401,
  single_sign_on_failed: 502,
  single_sign_on_unknown: 403,
  storage_full: 503,
  storage_quota_exceeded: 429,
  subscription_limit: 409,
  tlp_above_ceiling: 403,
  tlp_below_marking: 409,
  token_expired: 401,
  token_invalid: 401,
  token_not_yet_valid: 401,
  too_many_at_once: 429,
  too_many_attempts: 429,
  too_many_values: 413,
  user_needed: 403,
  version_conflict: 409,
};

const OUTAGE =
  'The database does not answer just now. Try again: what was done already is not done twice';

const CONTENTION =
  'Other requests are using what this request needs. Nothing was changed: try again';

/** What Fastify itself finds wrong with a request, in our words. */
const FASTIFY_FAULTS: Record<string, ProblemCode> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_missing',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_VALIDATION: 'invalid_request',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_NOT_FOUND: 'not_found',
};

/** The status that a problem is answered with; 400 where nothing else is said. */
function statusOf(code: ProblemCode): number {
  return STATUSES[code] ?? 400;
}

/**
 * Details and paths often repeat what the caller sent. Whatever that was, the answer stays small.
 */
const DETAIL_CHARACTERS_MAX = 1_000;
const PATH_CHARACTERS_MAX = 500;

/** The text, cut off where it is too long. */
function bounded(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return `${text.slice(0, charactersMax).toWellFormed()}…`;
}

/** The body of an answer to a problem (RFC 9457 §3). */
export function problemBody(problem: Problem, instance: string): Record<string, unknown> {
  return {
    type: `/docs/errors/${problem.code}`,
    title: PROBLEMS[problem.code],
    status: statusOf(problem.code),
    code: problem.code,
    detail: bounded(problem.message, DETAIL_CHARACTERS_MAX),
    ...(problem.path === undefined ? {} : { path: bounded(problem.path, PATH_CHARACTERS_MAX) }),
    instance,
    ...problem.extra,
  };
}

/** Fastify's error handler for the REST door. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  // Before the rest of a body, for which the client decides how long it takes.
  request.turn?.end();
  if (isGone(request)) {
    reply.hijack();
    return;
  }
  const problem = problemOfBody(error, request.routeOptions) ?? toProblem(error);
  const status = statusOf(problem.code);
  // What failed because its client had left is no fault of the server.
  if (status >= 500 && !reply.raw.closed)
    request.log.error({ err: error, requestId: request.id }, 'request failed');
  request.problem = problem.code;
  const wait = problem.extra['retry_after'] ?? (status === 503 ? 1 : undefined);
  if (typeof wait === 'number') reply.header('retry-after', String(wait));
  // Never Basic: a browser would ask for it, remember it, and add it to what other sites send.
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="tocsin"');
  reply.code(status).header('content-type', 'application/problem+json; charset=utf-8');
  const answer = (): void => void reply.send(JSON.stringify(problemBody(problem, request.id)));
  if (status === 408) answerAndClose(request, reply, answer);
  else dropRest(request, reply, answer);
}

/** Whether the client left in the midst of its body: nobody is there to answer, and nothing failed. */
function isGone({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete;
}

/** Whatever was thrown, as something the caller may be told. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof JsonFault) {
    return new Problem(error.code, error.detail, { path: error.path, cause: error });
  }
  const code = isFastifyError(error) ? FASTIFY_FAULTS[error.code] : undefined;
  if (code !== undefined && error instanceof Error) return new Problem(code, error.message);
  return failureOfStore(error) ?? failureOfServer(error);
}

/** What says nothing about the request, only that nothing can be stored or read just now. */
function failureOfStore(error: unknown): Problem | undefined {
  if (isStorageFull(error)) return noRoom(error);
  if (isOutage(error)) return new Problem('not_ready', OUTAGE, { cause: error });
  if (isTransient(error)) return new Problem('not_ready', CONTENTION, { cause: error });
  return undefined;
}

function failureOfServer(error: unknown): Problem {
  return new Problem('internal_error', 'The failure was logged under the id in `instance`', {
    cause: error,
  });
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
