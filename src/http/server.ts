/** Node's server under Fastify: with or without TLS, and with a limit on pipelined requests. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
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

/** Budget, slots, turns, pace and log each clean up when an answer is over: more than Node's ten. */
const LISTENERS_MAX = 32;

/** Fastify's serverFactory. It speaks TLS where there is a certificate. */
export function createServerFactory(
  certificate?: CertificateSource,
): (handler: RequestListener, options: FactoryOptions) => Server {
  return (handler, { http = {}, keepAliveTimeout, requestTimeout, connectionTimeout }) => {
    const listener = limitPipelining(handler);
    const server =
      certificate === undefined
        ? createServer(http, listener)
        : createTlsServer(certificate, http, listener);
    server.keepAliveTimeout = keepAliveTimeout ?? server.keepAliveTimeout;
    server.requestTimeout = requestTimeout ?? server.requestTimeout;
    server.setTimeout(connectionTimeout ?? 0);
    return server;
  };
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
