/** Node's server under Fastify: with or without TLS, and with a limit on pipelined requests. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { narrowNetwork } from '../../networks.ts';
import { peerAddress } from './client.ts';
import { createTlsServer, type CertificateSource } from './tls.ts';

/** What Fastify hands to a server factory of its options, as far as Node knows them. */
interface FactoryOptions {
  readonly http?: ServerOptions;
  readonly keepAliveTimeout?: number;
  readonly requestTimeout?: number;
  readonly connectionTimeout?: number;
}

/**
 * Requests of one connection that have no answer yet. Node reads all that a client pipelines and hands
 * them over at once; a client that sends more than this does not wait for answers.
 */
const PIPELINED_MAX = 32;

/** Budget, slots, turns, pace and log each clean up at the end of an answer: more than Node's ten. */
const LISTENERS_MAX = 32;

export interface ServerSettings {
  /** Without one, the server speaks plain HTTP. */
  readonly certificate?: CertificateSource | undefined;
  /** Without them, connections are not counted. */
  readonly connections?: ConnectionLimits;
}

/** How many connections one network may have open, for all its clients together. */
export interface ConnectionLimits {
  readonly perNetwork: number;
  /** A trusted proxy's connections are those of many clients, and are not counted. */
  readonly isTrusted: (address: string) => boolean;
}

/** Fastify's serverFactory. */
export function createServerFactory({
  certificate,
  connections,
}: ServerSettings): (handler: RequestListener, options: FactoryOptions) => Server {
  return (handler, { http = {}, keepAliveTimeout, requestTimeout, connectionTimeout }) => {
    const listener = limitPipelining(handler);
    const server =
      certificate === undefined
        ? createServer(http, listener)
        : createTlsServer(certificate, http, listener);
    if (connections !== undefined) limitConnections(server, connections);
    server.keepAliveTimeout = keepAliveTimeout ?? server.keepAliveTimeout;
    server.requestTimeout = requestTimeout ?? server.requestTimeout;
    server.setTimeout(connectionTimeout ?? 0);
    return server;
  };
}

/**
 * Closes connections beyond the limit as they are accepted: nothing has been read of them, there has
 * been no TLS handshake, and no answer is written.
 */
function limitConnections(server: Server, { perNetwork, isTrusted }: ConnectionLimits): void {
  const open = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const address = peerAddress(socket);
    if (isTrusted(address)) return;
    const network = narrowNetwork(address);
    const count = (open.get(network) ?? 0) + 1;
    if (count > perNetwork) {
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
}

/** Disconnects a client that pipelines too much, without work on what it sent beyond the limit. */
function limitPipelining(handler: RequestListener): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > PIPELINED_MAX || socket.destroyed) {
      socket.destroy();
      return;
    }
    unanswered.set(socket, count);
    response.setMaxListeners(LISTENERS_MAX);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    handler(request, response);
  };
}
