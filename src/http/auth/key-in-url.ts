import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';

/** Names of parameters in which clients send keys, without case and punctuation. */
const NAMES: ReadonlySet<string> = new Set([
  'accesstoken',
  'apikey',
  'auth',
  'authkey',
  'authorization',
  'key',
  'password',
  'secret',
  'token',
  'xapikey',
]);

/** The form of a key of ours, whatever stands around it. */
const KEY = /tocsin_[0-9a-f]{12}_[0-9a-f]{8}/i;

/**
 * Refuses requests that carry a key in their URL: proxies and browsers store URLs. By its form a key is
 * refused anywhere; by the name of its parameter on every route that takes keys. It is refused whether or
 * not it is valid, and is never answered or logged.
 */
export function refuseKeysInUrl(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (!hasKeyInUrl(request)) return;
    throw new Problem(
      'key_in_url',
      'Send your key as `Authorization: Bearer <key>`. If the URL contains a key, replace that key: ' +
        'proxies and browsers store URLs.',
      { path: 'url' },
    );
  });
}

function hasKeyInUrl({ url, query, routeOptions }: FastifyRequest): boolean {
  if (KEY.test(decoded(url))) return true;
  if (routeOptions.config.access === 'public') return false;
  const names = Object.keys(query as object);
  return names.some((name) => NAMES.has(name.toLowerCase().replaceAll(/[^a-z]/g, '')));
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
