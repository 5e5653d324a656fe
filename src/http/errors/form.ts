/**
 * How a door answers what is wrong. What is wrong is a Problem of the closed list, whatever the door;
 * its form is the door's.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem, PROBLEMS } from '../../errors.ts';
import { answerAndClose, dropRest } from '../body/rest-of-body.ts';
import { toProblem } from './translate.ts';

export interface ErrorForm {
  /** Of every error that the door answers. */
  readonly contentType: string;
  /** `WWW-Authenticate` of a 401. */
  readonly challenge: string;
  /** The body of the answer to a problem, of a request with this id. */
  body(problem: Problem, requestId: string): string;
  /** The problem of a body that could not be parsed. A door without words of its own leaves it out. */
  problemOfBody?(error: unknown, route: FastifyRequest['routeOptions']): Problem | undefined;
}

/** Answers in this form whatever goes wrong in the scope, and what is not there. */
export function answerErrors(scope: FastifyInstance, form: ErrorForm): void {
  scope.setErrorHandler((error, request, reply) => answerError(form, error, request, reply));
  scope.setNotFoundHandler((request, reply) => answerError(form, nothingHere(), request, reply));
}

/** Answers one request with what went wrong with it. */
export function answerError(
  form: ErrorForm,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  // Before the rest of a body, for which the client decides how long it takes.
  request.turn?.end();
  if (isGone(request)) {
    reply.hijack();
    return;
  }
  const problem = form.problemOfBody?.(error, request.routeOptions) ?? toProblem(error);
  const { status } = PROBLEMS[problem.code];
  // A failure because the client had left is not a fault of the server.
  if (status >= 500 && !reply.raw.closed)
    request.log.error({ err: error, requestId: request.id }, 'request failed');
  request.problem = problem.code;
  const wait = problem.extra['retry_after'] ?? (status === 503 ? 1 : undefined);
  if (typeof wait === 'number') reply.header('retry-after', String(wait));
  if (status === 401) reply.header('www-authenticate', form.challenge);
  reply.code(status).header('content-type', form.contentType);
  // Bytes, since Fastify adds a charset to the media type of a text.
  const body = Buffer.from(form.body(problem, request.id));
  const answer = (): void => void reply.send(body);
  if (status === 408) answerAndClose(request, reply, answer);
  else dropRest(request, reply, answer);
}

/** Nothing is there; `similar` is the path of a route that was probably meant. */
export function nothingHere(similar?: string): Problem {
  const meant = similar === undefined ? '' : ` Did you mean \`${similar}\`?`;
  return new Problem('not_found', `This path does not exist.${meant} /docs lists the endpoints.`);
}

/** Whether the client left in the midst of its body: nobody is there to answer, and nothing failed. */
function isGone({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete;
}
