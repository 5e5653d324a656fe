/**
 * The cookies that browsers get. None authorises anything but refreshing a session, and that
 * only from this server's own pages: scripts of other origins that make a browser send them are
 * refused, whatever the browser makes of SameSite.
 */
import '@fastify/cookie';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { ownOrigin } from '../edge/client.ts';
import type { Services } from '../context.ts';

/** RFC 6265bis §4.1.3.1: a browser takes a cookie so called only if it is Secure. */
const REFRESH = '__Secure-tocsin-refresh';
const DEVICE = '__Secure-tocsin-device';
const FLOW = '__Secure-tocsin-flow';
const PENDING = '__Secure-tocsin-pending';
const BINDING = '__Secure-tocsin-binding';
const SESSIONS_PATH = '/api/v1/sessions';
const SSO_PATH = '/api/v1/sso';
const SSO_SECONDS = 600;
const DEVICE_SECONDS = 365 * 24 * 3600;

const options: CookieSerializeOptions = {
  path: SESSIONS_PATH,
  httpOnly: true,
  secure: true,
  sameSite: 'strict',
};

/** The session's next refresh token, until the time given. */
export function setRefreshCookie(
  reply: Pick<FastifyReply, 'setCookie'>,
  token: string,
  expires: Date,
): void {
  reply.setCookie(REFRESH, token, { ...options, expires });
}

export function clearRefreshCookie(reply: Pick<FastifyReply, 'clearCookie'>): void {
  reply.clearCookie(REFRESH, options);
}

/** Throws Problem origin_not_allowed when the request does not come from this server's pages. */
export function refreshCookie(
  services: Pick<Services, 'publicUrl'>,
  request: FastifyRequest,
): string | undefined {
  return ownCookie(services, request, REFRESH);
}

function ownCookie(
  services: Pick<Services, 'publicUrl'>,
  request: FastifyRequest,
  name: string,
): string | undefined {
  const value = request.cookies[name];
  if (value !== undefined && !isOwn(services, request)) {
    throw new Problem('origin_not_allowed', 'Send the refresh token in the body', {
      path: 'origin',
    });
  }
  return value;
}

/**
 * What a browser takes along to the identity provider and back; undefined clears it. It comes back
 * from another site, so that it cannot be strict.
 */
export function setFlowCookie(
  reply: Pick<FastifyReply, 'setCookie' | 'clearCookie'>,
  flow: string | undefined,
): void {
  setShort(reply, FLOW, flow, 'lax');
}

export function flowCookie({ cookies }: FastifyRequest): string | undefined {
  return cookies[FLOW];
}

/** Who came back and owes a code; undefined clears it. */
export function setPendingCookie(
  reply: Pick<FastifyReply, 'setCookie' | 'clearCookie'>,
  pending: string | undefined,
): void {
  setShort(reply, PENDING, pending, 'strict');
}

/** Throws Problem origin_not_allowed as refreshCookie. */
export function pendingCookie(
  services: Pick<Services, 'publicUrl'>,
  request: FastifyRequest,
): string | undefined {
  return ownCookie(services, request, PENDING);
}

/** Who came back and is to confirm that an account is theirs; undefined clears it. */
export function setBindingCookie(
  reply: Pick<FastifyReply, 'setCookie' | 'clearCookie'>,
  binding: string | undefined,
): void {
  setShort(reply, BINDING, binding, 'strict');
}

/** Throws Problem origin_not_allowed as refreshCookie. */
export function bindingCookie(
  services: Pick<Services, 'publicUrl'>,
  request: FastifyRequest,
): string | undefined {
  return ownCookie(services, request, BINDING);
}

function setShort(
  reply: Pick<FastifyReply, 'setCookie' | 'clearCookie'>,
  name: string,
  value: string | undefined,
  sameSite: 'lax' | 'strict',
): void {
  const own = { ...options, path: SSO_PATH, sameSite };
  if (value === undefined) reply.clearCookie(name, own);
  else reply.setCookie(name, value, { ...own, maxAge: SSO_SECONDS });
}

/** By which a browser is known again, so that others who try its account do not hold it up. */
export function deviceCookie({ cookies }: FastifyRequest): string | undefined {
  return cookies[DEVICE];
}

export function setDeviceCookie(reply: Pick<FastifyReply, 'setCookie'>, device: string): void {
  reply.setCookie(DEVICE, device, { ...options, maxAge: DEVICE_SECONDS });
}

/** Every browser says at least one of the two when it sends a cookie along with a POST. */
function isOwn(services: Pick<Services, 'publicUrl'>, request: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === undefined) return site === 'same-origin';
  return URL.parse(origin)?.origin === ownOrigin(services, request);
}
