/**
 * Networks (CIDRs) and the addresses in them, for the whole server. stix/value/address.ts has its own
 * arithmetic: it reads a million patterns, in which addresses are not written as sockets write them.
 */
import { isIP, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

const IPV4_IN_IPV6_BITS = 96;

/**
 * An address as a socket or a resolver gives it; undefined for any other text. One of IPv4 in IPv6
 * form counts as IPv4. The library also reads shortened and octal forms, which a socket may read
 * otherwise.
 */
export function parseAddress(text: string): Address | undefined {
  return isIP(text) === 0 ? undefined : ipaddr.process(text);
}

/**
 * Returns a test of whether an address is in one of the CIDRs; a text that is not an address is in
 * none. Throws an Error for what is not a CIDR.
 */
export function networkTest(networks: readonly string[]): (address: string) => boolean {
  const ranges = networks.map(parseNetwork);
  return (address) => {
    const parsed = parseAddress(address);
    return parsed !== undefined && ranges.some((range) => holds(range, parsed));
  };
}

/** Whether an address is in one of the CIDRs, as `networkTest` says. */
export function isWithin(networks: readonly string[], address: string): boolean {
  return networkTest(networks)(address);
}

/** Whether every address of the CIDR `inner` is in one of the CIDRs `outer`. */
export function isCovered(inner: string, outer: readonly string[]): boolean {
  const { base, bits } = parseNetwork(inner);
  return outer.map(parseNetwork).some((range) => bits >= range.bits && holds(range, base));
}

/** What is wrong with a network, as a predicate; undefined where it is a CIDR such as 192.0.2.0/24. */
export function networkFault(text: string): string | undefined {
  if (isIP(text) !== 0 && !text.includes('%')) {
    return `must be a network: for this one address, use ${text}/${isIPv6(text) ? 128 : 32}`;
  }
  if (!isCidr(text)) return 'must be a network such as 192.0.2.0/24 or 2001:db8::/32';
  const [address = '', bits = ''] = text.split('/');
  const network = ipaddr.parse(address).kind() === 'ipv6' ? ipaddr.IPv6 : ipaddr.IPv4;
  const base = network.networkAddressFromCIDR(text).toString();
  if (ipaddr.parse(address).toString() === base) return undefined;
  const all = isIPv6(address) ? 128 : 32;
  return (
    `has bits set outside of its prefix: use ${base}/${bits} for the network or ${address}/${all} ` +
    'for the one address'
  );
}

const NARROW = { ipv4: 32, ipv6: 64 };
const WIDE = { ipv4: 24, ipv6: 48 };

/** An IPv4 address by itself; the /64 of an IPv6 address, which is what one customer has. */
export function narrowNetwork(address: string): string {
  return networkOf(address, NARROW);
}

/** The /24 of an IPv4 address, the /48 of an IPv6 one. */
export function wideNetwork(address: string): string {
  return networkOf(address, WIDE);
}

/** What is not an address is one network. */
function networkOf(address: string, bits: typeof NARROW): string {
  const parsed = parseAddress(address);
  if (parsed === undefined) return '';
  const kind = parsed.kind();
  const bytes = parsed.toByteArray().slice(0, bits[kind] / 8);
  return `${kind} ${bytes.join('.')}/${bits[kind]}`;
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  return /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= (version === 6 ? 128 : 32);
}

interface Range {
  readonly base: Address;
  readonly bits: number;
}

/** A network of IPv4 addresses in IPv6 form counts as one of IPv4. */
function parseNetwork(cidr: string): Range {
  const [base, bits] = ipaddr.parseCIDR(cidr);
  const isIPv4 = base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress();
  if (!isIPv4 || bits < IPV4_IN_IPV6_BITS) return { base, bits };
  return { base: base.toIPv4Address(), bits: bits - IPV4_IN_IPV6_BITS };
}

/** IPv4 is in no network of IPv6: `::/0` does not open it. */
function holds({ base, bits }: Range, address: Address): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}
