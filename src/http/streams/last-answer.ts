import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../../errors.ts';

/**
 * A stream is the last answer of its connection. Requests that a client pipelines behind it would be
 * worked on, and their answers held, for as long as the stream lasts: their connection is closed.
 */
export function endConnectionsWithStreams(app: FastifyInstance): void {
  const streaming = new WeakSet<Socket>();
  app.addHook('onRequest', async ({ raw: { socket }, routeOptions }, reply) => {
    if (streaming.has(socket)) {
      socket.destroy();
      throw new Problem('invalid_request', 'A stream is the last answer of its connection');
    }
    if (routeOptions.config.streams !== true) return;
    streaming.add(socket);
    // A rejected one is answered, and its connection stays open.
    reply.raw.once('close', () => streaming.delete(socket));
  });
}
