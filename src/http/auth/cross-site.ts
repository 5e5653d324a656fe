/**
 * Browsers add what they remember (Basic credentials, cookies) to requests that any page makes them
 * send. So nothing that changes anything is accepted from a page of another origin. Programs send
 * neither `Origin` nor `Sec-Fetch-Site` and are not concerned.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { clientScheme } from '../edge/client.ts';
import type { Services } from '../context.ts';

/** RFC 9110 §9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** What a browser says of a request that no page of another origin caused (Fetch Metadata §2.4). */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

/** Rejects every request of an unsafe method that a page of another origin sends. */
export function rejectCrossSite(app: FastifyInstance, services: Services): void {
  app.addHook('onRequest', async (request) => {
    if (SAFE.has(request.method) || isOwn(services, request)) return;
    throw new Problem(
      'origin_not_allowed',
      'Call the API from a page of this server, or from a program that sends no Origin header. Behind a ' +
        'proxy that changes the host, the operator must set TOCSIN_PUBLIC_URL.',
      { path: 'origin' },
    );
  });
}

function isOwn({ publicUrl }: Services, request: FastifyRequest): boolean {
  const { origin, host = '', 'sec-fetch-site': site } = request.headers;
  if (site !== undefined && !OWN_SITES.has(site)) return false;
  if (origin === undefined) return true;
  const from = URL.parse(origin);
  if (from === null || from.origin !== origin) return false;
  if (publicUrl !== undefined && from.origin === new URL(publicUrl).origin) return true;
  return from.host === hostOf(from.protocol, host) && isSchemeOf(request, from.protocol);
}

/** A Host header as a URL of this scheme has it, without the scheme's own port. */
function hostOf(protocol: string, host: string): string | undefined {
  return URL.parse(`${protocol}//${host}`)?.host;
}

/** A proxy that is not listed as trusted may have taken TLS off; nothing puts it on. */
function isSchemeOf(request: FastifyRequest, protocol: string): boolean {
  return protocol === 'https:' || protocol === `${clientScheme(request)}:`;
}
