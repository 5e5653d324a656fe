/** What may be called: https to public addresses on the ports of https, and whatever the operator opened. */
import { isIP } from 'node:net';
import { networkTest } from '../networks.ts';
import { whyNotGlobal } from './addresses.ts';
import type { EgressRefusal } from './failure.ts';

const HTTPS_PORTS = new Set([443, 8443]);

/** Where a connection is to go, as the URL has it; `hostname` is bare (an IPv6 literal without brackets). */
export interface Target {
  scheme: string;
  hostname: string;
  port: number;
}

/** All addresses of a name; rejects where any part of the answer is missing. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface Policy {
  /** The parsed URL, or why it can never be called. Asks no resolver. */
  readUrl(text: string): URL | EgressRefusal;
  /** The vetted addresses of a target, to connect to and to nothing else, or why it may not be called. */
  vet(target: Target): Promise<readonly string[] | EgressRefusal>;
  /** Whether an address is in a range that the operator opened: inside the operator's network. */
  isInside(address: string): boolean;
}

/** @param allow CIDRs in which plain http, any port and private addresses are allowed; throws on one that is none. */
export function createPolicy(allow: readonly string[], resolve: Resolve): Policy {
  const isInside = networkTest(allow);
  const isOpen = allow.length > 0;
  return {
    readUrl,
    isInside,
    async vet(target) {
      // Without opened ranges no answer could lift these two, so nobody learns what names we resolve.
      const outright = isOpen ? undefined : refuseTransport(target);
      if (outright !== undefined) return outright;
      const addresses = await addressesOf(target.hostname, resolve);
      if (!Array.isArray(addresses)) return addresses;
      return refuseAddresses(target, addresses, isInside) ?? addresses;
    },
  };
}

/** Where a URL leads. */
export function targetOf(url: URL): Target {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/gu, '');
  return { scheme: url.protocol, hostname, port };
}

export function isRefusal(value: object): value is EgressRefusal {
  return 'code' in value && 'detail' in value;
}

function readUrl(text: string): URL | EgressRefusal {
  const url = URL.parse(text);
  if (url === null) return { code: 'egress_url', detail: 'This is not an absolute URL' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { code: 'egress_scheme', detail: 'The URL must start with https://' };
  }
  if (url.username !== '' || url.password !== '') {
    return { code: 'egress_userinfo', detail: 'The URL must not hold a user name or password' };
  }
  return url;
}

async function addressesOf(
  hostname: string,
  resolve: Resolve,
): Promise<readonly string[] | EgressRefusal> {
  if (isIP(hostname) !== 0) return [hostname];
  try {
    const addresses = await resolve(hostname);
    if (addresses.length > 0) return addresses;
  } catch {
    // Fails closed: half an answer could hide the address that would have been refused.
  }
  return { code: 'egress_resolve', detail: 'The host name cannot be resolved' };
}

/** What to do about an address, scheme or port that is closed by default. */
const OPENING = '. The operator can allow it with TOCSIN_EGRESS_ALLOW.';

function refuseAddresses(
  target: Target,
  addresses: readonly string[],
  isInside: Policy['isInside'],
): EgressRefusal | undefined {
  const outside = addresses.filter((address) => !isInside(address));
  for (const address of outside) {
    const why = whyNotGlobal(address);
    if (why === undefined) continue;
    // For a name, the error contains neither address nor range: this door must not map the operator's inner network.
    const detail =
      address === target.hostname
        ? `The address is not a public one: ${why}`
        : 'The host name resolves to an address that is not public';
    return { code: 'egress_address', detail: `${detail}${OPENING}` };
  }
  return outside.length > 0 ? refuseTransport(target) : undefined;
}

function refuseTransport({ scheme, port }: Target): EgressRefusal | undefined {
  if (scheme !== 'https:') {
    return { code: 'egress_scheme', detail: `The URL must start with https://${OPENING}` };
  }
  return HTTPS_PORTS.has(port)
    ? undefined
    : { code: 'egress_port', detail: `The port must be 443 or 8443${OPENING}` };
}
