/** TLS of our own: the server that speaks it, in place of Fastify's, and its certificate's renewal. */
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
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

/**
 * A server for TLS 1.2 and later. A new certificate counts for new connections; those that are open
 * stay.
 */
export function createTlsServer(
  source: CertificateSource,
  options: ServerOptions,
  listener: RequestListener,
): Server {
  const server = createServer(
    { ...options, ...secureContext(source.current), handshakeTimeout: HANDSHAKE_MS },
    listener,
  );
  source.onRenewed((certificate) => server.setSecureContext(secureContext(certificate)));
  return server;
}

/** The options of a TLS server with this certificate. */
export function secureContext({ cert, key }: Certificate): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}
