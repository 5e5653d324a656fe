/**
 * Where a request comes from. A proxy's word counts only if the connection comes from a proxy that
 * TOCSIN_TRUSTED_PROXIES lists. This file alone reads `remoteAddress`. Fastify's `trustProxy` is not
 * used: it knows no `Forwarded` header and returns an element that is not an address as it stands.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { networkTest } from '../../networks.ts';
import type { Client } from '../../access/sessions.ts';
import { forwardedAddresses, forwardedScheme, type ForwardedHeader } from './forwarded.ts';

const AGENT_MAX = 200;

/** Which proxies are trusted, and in which header they append the address of their client. */
export interface ProxySettings {
  /** CIDRs. */
  readonly trustedProxies: readonly string[];
  readonly forwardedHeader: ForwardedHeader;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly proxies: {
      readonly isTrusted: (address: string) => boolean;
      readonly header: ForwardedHeader;
    };
  }
}

/** Makes `clientAddress` and `clientScheme` usable on the requests of this server. */
export function trustProxies(app: FastifyInstance, settings: ProxySettings): void {
  const isTrusted = networkTest(settings.trustedProxies);
  app.decorate('proxies', { isTrusted, header: settings.forwardedHeader });
}

/** The address at the other end of a connection: the client's, or that of the proxy before it. */
export function peerAddress(socket: Socket): string {
  return socket.remoteAddress ?? '';
}

/**
 * The address of the client: that of the connection, or behind trusted proxies the right-most one
 * in their header that is not a trusted proxy's. What a client writes stands left of that and is
 * never reached. An element that is not an address ends the search, so the proxy that passed it on
 * counts as the client.
 */
export function clientAddress({ server, headers, socket }: FastifyRequest): string {
  const { isTrusted, header } = server.proxies;
  let known = peerAddress(socket);
  if (isTrusted(known)) {
    for (const address of forwardedAddresses(header, textOf(headers[header]))) {
      if (address === undefined) break;
      known = address;
      if (!isTrusted(address)) break;
    }
  }
  return normalised(known);
}

/** The scheme under which the client reached the server or its trusted proxy. */
export function clientScheme({ server, raw }: FastifyRequest): 'http' | 'https' {
  return schemeOf(server, raw);
}

/** The same of a request that Fastify has not seen yet. */
export function schemeOf(
  { proxies: { isTrusted, header } }: Pick<FastifyInstance, 'proxies'>,
  { headers, socket }: IncomingMessage,
): 'http' | 'https' {
  const own = socket instanceof TLSSocket ? 'https' : 'http';
  if (!isTrusted(peerAddress(socket))) return own;
  const given = header === 'forwarded' ? headers[header] : headers['x-forwarded-proto'];
  const scheme = forwardedScheme(header, textOf(given));
  return scheme === 'https' || scheme === 'http' ? scheme : own;
}

/** The origin of this server as its clients know it: the public URL's, or that of this request. */
export function ownOrigin(
  { publicUrl }: { readonly publicUrl: string | undefined },
  request: FastifyRequest,
): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  return URL.parse(`${clientScheme(request)}://${request.headers.host ?? ''}`)?.origin ?? '';
}

/** The client that begins a session. */
export function clientOf(request: FastifyRequest): Client {
  const agent = (request.headers['user-agent'] ?? '').slice(0, AGENT_MAX);
  return { address: clientAddress(request), agent, requestId: request.id };
}

/** Node joins repeated headers of these names with commas; its types do not say so. */
function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

/** One text for one address: IPv4 without its IPv6 form, IPv6 in its shortest without a zone. */
function normalised(text: string): string {
  const address = text.replace(/%.*$/u, '');
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
