/** Servers on loopback that behave as told, and know who is connected to them. */
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

export interface Receiver {
  url: string;
  port: number;
  /** Connections accepted since the start. */
  accepted: () => number;
  /** Resolves when nobody is connected any more: the other side has let go of every socket. */
  abandoned: () => Promise<void>;
  close: () => Promise<void>;
}

/** Speaks HTTP; over TLS where a certificate is given. */
export function receiveHttp(answer: RequestListener, tls?: ServerOptions): Promise<Receiver> {
  const server = tls === undefined ? createHttp(answer) : createHttps(tls, answer);
  // Only the client may end an idle connection, or its own ending of it would not show.
  server.keepAliveTimeout = 0;
  return listen(server, tls === undefined ? 'http' : 'https');
}

/** Speaks whatever `greet` says, once the first bytes of a request are there. */
export function receiveRaw(greet: (socket: Socket) => void): Promise<Receiver> {
  return listen(
    createTcp((socket) => socket.once('data', () => greet(socket))),
    'http',
  );
}

async function listen(server: Server, scheme: string): Promise<Receiver> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) server.emit('abandoned');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  const { port } = address;
  return {
    url: `${scheme}://127.0.0.1:${port}/`,
    port,
    accepted: () => accepted,
    async abandoned() {
      if (sockets.size > 0) await once(server, 'abandoned');
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
