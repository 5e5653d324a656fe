import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from './client.ts';
import type { Services } from '../context.ts';

/** What a request came to whose answer its client did not wait for (as nginx has it). */
const CLIENT_GONE = 499;
const NO_ROUTE = '(none)';

type Sinks = Pick<Services, 'logger' | 'metrics'>;

/** Connections on which a request is being answered: its line reports what goes wrong there. */
const answering = new WeakSet<Socket>();

/** One wide line per request, at its end. */
export function logRequests(app: FastifyInstance, sinks: Sinks): void {
  app.addHook('onRequest', async (request, reply) => logAtEnd(sinks, request, reply));
}

/**
 * Writes the line when the answer has gone out, or its connection has. It holds no header, query or
 * body, so neither a secret nor an indicator.
 */
export function logAtEnd(sinks: Sinks, request: FastifyRequest, reply: FastifyReply): void {
  const startMs = performance.now();
  const { socket } = request.raw;
  const address = clientAddress(request);
  answering.add(socket);
  reply.raw.once('close', () => {
    answering.delete(socket);
    const aborted = !reply.raw.writableFinished;
    const { method } = request;
    const route = request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
    const status = aborted && !reply.raw.headersSent ? CLIENT_GONE : reply.statusCode;
    const durationMs = elapsed(startMs);
    sinks.metrics.requests.observe({ method, route, status }, durationMs / 1000);
    sinks.logger.info(
      {
        requestId: request.id,
        method,
        route,
        status,
        durationMs,
        ...(aborted ? { aborted } : {}),
        organisation: request.member?.organisation.slug,
        key: request.member?.keyId,
        user: request.member?.user?.id,
        problem: request.problem,
        address,
        bytesIn: Number(request.headers['content-length'] ?? 0),
      },
      'request',
    );
  });
}

/** Bytes on a connection that were not a request; where it was the rest of one, that has its line. */
export function logUnreadable(
  { logger, metrics }: Sinks,
  socket: Socket,
  said: { readonly requestId: string; readonly status: number; readonly problem: string },
): void {
  if (answering.has(socket)) return;
  const { status } = said;
  // When it began is not known: the connection may have been open for long.
  metrics.requests.observe({ method: NO_ROUTE, route: NO_ROUTE, status }, 0);
  logger.info({ ...said, method: NO_ROUTE, route: NO_ROUTE, durationMs: 0, bytesIn: 0 }, 'request');
}

function elapsed(startMs: number): number {
  return Math.round((performance.now() - startMs) * 10) / 10;
}
