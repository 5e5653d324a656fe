/**
 * The security headers of every answer. They are set where Node hands over a request, before
 * Fastify sees it: a bad percent-escape and an expectation get no hook of Fastify's, and neither
 * does malformed HTTP (client-error.ts), so a plugin such as @fastify/helmet would miss them. A route
 * that needs another value, such as a page with a style of its own, sets it on its reply.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { schemeOf } from './client.ts';

/** For answers that are not pages: nothing may be loaded, framed or kept. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Browsers use https alone for this host from now on, for a year (RFC 6797). */
export const HSTS = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } as const;

/** Sets the headers on every answer of this server. HSTS goes out under https only (RFC 6797 §7.2). */
export function secureAnswers(app: FastifyInstance, publicUrl: string | undefined): void {
  const isPublicHttps = publicUrl?.startsWith('https:') === true;
  app.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const isHttps = isPublicHttps || schemeOf(app, request) === 'https';
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (!isHttps) return;
    for (const [name, value] of Object.entries(HSTS)) response.setHeader(name, value);
  });
}
