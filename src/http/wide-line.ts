import type { FastifyInstance } from 'fastify';
import type { Services } from './context.ts';

/**
 * One wide line a request, once it is over. It holds no header, query or body, so neither a secret
 * nor an indicator.
 */
export function logRequests(app: FastifyInstance, { log, metrics }: Services): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? '(none)' : (request.routeOptions.url ?? '(none)');
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    const { method } = request;
    const status = reply.statusCode;
    metrics.requests.observe({ method, route, status }, reply.elapsedTime / 1000);
    log.info(
      {
        requestId: request.id,
        method,
        route,
        status,
        durationMs,
        organisation: request.member?.organisation.slug,
        key: request.member?.keyId,
        user: request.member?.user?.id,
        problem: request.problem,
        bytesIn: Number(request.headers['content-length'] ?? 0),
      },
      'request',
    );
  });
}
