import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests under way when the server stops may take so long to end. */
const DRAIN_MS = 10_000;
const LOOK_MS = 50;

/**
 * Stops a server gracefully: requests under way are finished, within
 * DRAIN_MS, and connections without any are closed. Node counts one on which no request has come
 * yet (a browser's or a balancer's spare) as busy, and would wait for it as long as it stays.
 */
export function drainAtClose(app: FastifyInstance): void {
  const silent = new Set<Socket>();
  // Requests over TLS come with the socket of this event, and not with that of `connection`.
  const opened = app.server instanceof TlsServer ? 'secureConnection' : 'connection';
  app.server.on(opened, (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }) => silent.delete(socket));
  app.addHook('preClose', async () => {
    if (!app.server.listening) {
      // Fastify leaves a server of a factory as it is, and Node would still manage it.
      app.server.close();
      return;
    }
    for (const socket of silent) socket.destroy();
    const looking = setInterval(() => app.server.closeIdleConnections(), LOOK_MS);
    const cutting = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
    app.server.once('close', () => {
      clearInterval(looking);
      clearTimeout(cutting);
    });
  });
}
