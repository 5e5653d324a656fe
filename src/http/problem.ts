/**
 * From what a verb throws to an RFC 9457 answer.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Problem, PROBLEMS, type ProblemCode } from '../errors.ts';
import { JsonFault } from '../stix/json/fault.ts';
import { isOutage, isStorageFull } from '../store/postgres/outage.ts';
import { noRoom } from '../store/postgres/room.ts';
import { isTransient } from '../store/postgres/transient.ts';
import { problemOfBody } from './body/problems.ts';
import { answerAndClose, dropRest } from './body/rest-of-body.ts';

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
    title: PROBLEMS[problem.code].title,
    status: PROBLEMS[problem.code].status,
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
  const status = PROBLEMS[problem.code].status;
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
