/** TLS of our own: the server that speaks it, in place of Fastify's, and its certificate's renewal. */
import type { RequestListener, Server } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/** A certificate with its chain, and its key, both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The certificate in use, and how a server learns of its successor. */
export interface CertificateSource {
  readonly current: Certificate;
  /** Calls back with every successor until the server is closed. */
  onRenewed(use: (certificate: Certificate) => void): void;
}

const HANDSHAKE_MS = 10_000;

/** What Fastify hands to a server factory of its options, as far as Node knows them. */
interface FactoryOptions {
  readonly http?: ServerOptions;
  readonly keepAliveTimeout?: number;
  readonly requestTimeout?: number;
  readonly connectionTimeout?: number;
}

/**
 * Fastify's serverFactory for TLS 1.2 and later. A new certificate counts for new connections; those
 * that are open stay.
 */
export function tlsServerFactory(
  source: CertificateSource,
): (handler: RequestListener, options: FactoryOptions) => Server {
  return (handler, options) => {
    const server = createServer(
      { ...options.http, ...secureContext(source.current), handshakeTimeout: HANDSHAKE_MS },
      handler,
    );
    server.keepAliveTimeout = options.keepAliveTimeout ?? server.keepAliveTimeout;
    server.requestTimeout = options.requestTimeout ?? server.requestTimeout;
    server.setTimeout(options.connectionTimeout ?? 0);
    source.onRenewed((certificate) => server.setSecureContext(secureContext(certificate)));
    return server;
  };
}

/** The options of a TLS server with this certificate. */
export function secureContext({ cert, key }: Certificate): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}
