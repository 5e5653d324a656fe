/** What in the database a value may match: by which keys, in which networks. */
import { getPublicSuffix } from 'tldts';
import { SUBDOMAINS_KIND } from '../value/domain-suffix.ts';
import { isPlainName } from '../value/domain.ts';
import { normalAddress } from '../value/address.ts';
import { hostOf } from '../value/place.ts';
import type { TypedValue, Understood } from './understand.ts';

/**
 * How a hit matches, from the strongest to the weakest:
 * - `exact`: this very value is listed
 * - `hash`: a file with this hash is listed by another hash
 * - `host`: the host of a URL, the domain of a mail address, or a prefix of the URL is listed
 * - `network`: a network that contains the address or network is listed
 * - `parent_domain`: a domain above the name is listed
 * - `address`: an address or network within the network is listed
 */
export const MODES = ['exact', 'hash', 'host', 'network', 'parent_domain', 'address'] as const;
export type Mode = (typeof MODES)[number];

export interface MatchOptions {
  readonly modes: ReadonlySet<Mode>;
  /** Whether a listed domain stands for its sub-domains, where its pattern does not say so. */
  readonly subdomains: boolean;
}

/** A value that would be a match if it is listed. */
export interface Candidate extends TypedValue {
  readonly mode: Mode;
  /** What says that sub-domains count. */
  readonly by?: 'pattern' | 'option';
}

/** Prefixes of a path and parents of a name that are looked up. */
const STEPS_MAX = 16;
/** Wider networks hold too many addresses to list those. */
const PREFIX_MIN = { ipv4: 16, ipv6: 32 };

/** The values that would match, the exact ones first; those also where only `hash` is asked for. */
export function candidatesOf(understood: Understood, options: MatchOptions): Candidate[] {
  const { modes } = options;
  const found: Candidate[] = [];
  for (const { kind, value } of [understood, ...understood.others]) {
    // A file is found by its other hashes only where this one is listed.
    if (modes.has('exact') || modes.has('hash')) found.push({ mode: 'exact', kind, value });
    if (kind === 'domain-name') found.push(...parentsOf(value, options));
    if (kind === 'email-addr')
      found.push(...ofHost(value.slice(value.lastIndexOf('@') + 1), options));
    if (kind === 'url') found.push(...ofUrl(value, options));
  }
  return found;
}

/** The address or network by which networks around it are found; undefined for other values. */
export function addressOf({ kind, value }: Understood): string | undefined {
  if (/^ipv[46]-(?:addr|cidr)$/.test(kind)) return normalAddress(value)?.value;
  const host = kind === 'url' ? hostOf(value) : undefined;
  return host === undefined ? undefined : normalAddress(host)?.value;
}

/** The network whose addresses are looked for; undefined for other values and for too wide ones. */
export function networkOf({ kind, value }: Understood): string | undefined {
  if (kind !== 'ipv4-cidr' && kind !== 'ipv6-cidr') return undefined;
  return isTooWide({ kind, value }) ? undefined : normalAddress(value)?.value;
}

/** Whether a network is too wide for its addresses to be listed. */
export function isTooWide({ kind, value }: TypedValue): boolean {
  const prefix = Number(value.slice(value.indexOf('/') + 1));
  if (kind === 'ipv4-cidr') return prefix < PREFIX_MIN.ipv4;
  return kind === 'ipv6-cidr' && prefix < PREFIX_MIN.ipv6;
}

function ofHost(host: string, options: MatchOptions): Candidate[] {
  const found: Candidate[] = [];
  const address = normalAddress(host);
  const own: TypedValue = address ?? { kind: 'domain-name', value: host };
  if (options.modes.has('host')) found.push({ mode: 'host', kind: own.kind, value: own.value });
  if (address === undefined) found.push(...parentsOf(host, options));
  return found;
}

/** The host of a URL, and what it begins with up to the end of a step of its path. */
function ofUrl(url: string, options: MatchOptions): Candidate[] {
  const host = hostOf(url);
  if (host === undefined) return [];
  const found = ofHost(host, options);
  if (!options.modes.has('host')) return found;
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = /[?#]/.exec(url)?.index ?? url.length;
  for (const prefix of prefixesOf(url, start, end)) {
    if (prefix !== url) found.push({ mode: 'host', kind: 'url', value: prefix });
  }
  return found;
}

/** Up to and without each slash of the path, and the whole path without the query. */
function prefixesOf(url: string, start: number, end: number): Set<string> {
  const prefixes = new Set<string>();
  let steps = 0;
  for (let at = start; at >= 0 && at < end && steps < STEPS_MAX; at = url.indexOf('/', at + 1)) {
    if (at > start) prefixes.add(url.slice(0, at));
    prefixes.add(url.slice(0, at + 1));
    steps += 1;
  }
  if (start >= 0 && start < end) prefixes.add(url.slice(0, end));
  return prefixes;
}

/** The names above a name that have two labels or more; the last ones of a long name. */
function parentsOf(name: string, { modes, subdomains }: MatchOptions): Candidate[] {
  if (!modes.has('parent_domain') || !isPlainName(name)) return [];
  const labels = name.split('.');
  const suffix = getPublicSuffix(name, PLAIN) ?? '';
  const found: Candidate[] = [];
  for (let from = Math.max(1, labels.length - STEPS_MAX - 1); from < labels.length - 1; from++) {
    const value = labels.slice(from).join('.');
    found.push({ mode: 'parent_domain', kind: SUBDOMAINS_KIND, value, by: 'pattern' });
    // A public suffix in a list does not mean all that is registered under it.
    if (subdomains && value.length > suffix.length) {
      found.push({ mode: 'parent_domain', kind: 'domain-name', value, by: 'option' });
    }
  }
  return found;
}

const PLAIN = {
  allowPrivateDomains: true,
  extractHostname: false,
  validateHostname: false,
  detectIp: false,
};
