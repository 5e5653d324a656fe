/** Where a value belongs: in which network, below which domain. Networks and domains are searched by it. */
import { normalAddress } from './address.ts';
import { SUBDOMAINS_KIND } from './domain-suffix.ts';
import { isPlainName } from './domain.ts';

export interface Place {
  /** An address or a network: of an address, a network, and a URL whose host is an address. */
  readonly address?: string;
  /** The labels of a name from the last to the first, each with a dot after it: `com.example.www.`. */
  readonly domain?: string;
}

const NOWHERE: Place = {};
const HOST = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?(?:\[([0-9a-f:.]+)\]|([^/?#:@[\]]+))/i;

/** Where a normalised value of a kind belongs. */
export function placeOf(kind: string, value: string): Place {
  switch (kind) {
    case 'ipv4-addr':
    case 'ipv6-addr':
    case 'ipv4-cidr':
    case 'ipv6-cidr':
      return ofAddress(value);
    case 'domain-name':
    case SUBDOMAINS_KIND:
      return ofName(value);
    case 'email-addr':
      return ofName(value.slice(value.lastIndexOf('@') + 1));
    case 'url': {
      const host = hostOf(value);
      if (host === undefined) return NOWHERE;
      const named = ofName(host);
      return named === NOWHERE ? ofAddress(host) : named;
    }
    default:
      return NOWHERE;
  }
}

/** The host of a URL, an IPv6 address without its brackets; undefined where it has none. */
export function hostOf(url: string): string | undefined {
  const [, inBrackets, host = inBrackets] = HOST.exec(url) ?? [];
  return host;
}

/** `www.example.com` as `com.example.www.`: names below a domain begin with the domain. */
function reversedDomain(name: string): string {
  return `${name.split('.').toReversed().join('.')}.`;
}

function ofAddress(value: string): Place {
  const address = normalAddress(value);
  return address?.value === value ? { address: value } : NOWHERE;
}

function ofName(name: string): Place {
  return isPlainName(name) ? { domain: reversedDomain(name) } : NOWHERE;
}
