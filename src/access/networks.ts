import { BlockList, isIP, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

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

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  return /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= (version === 6 ? 128 : 32);
}

/**
 * Returns a test of whether an address is in one of the CIDRs. An IPv4 address in IPv6 form, as a
 * socket gives it, counts as IPv4; a text that is not an address is in none.
 */
export function networkTest(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    list.addSubnet(base, Number(bits), isIPv6(base) ? 'ipv6' : 'ipv4');
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Whether an address is in one of the CIDRs, as `networkTest` says. */
export function isWithin(networks: readonly string[], address: string): boolean {
  return networkTest(networks)(address);
}

/** Whether every address of the CIDR `inner` is in one of the CIDRs `outer`. */
export function isCovered(inner: string, outer: readonly string[]): boolean {
  const [address, bits] = ipaddr.parseCIDR(inner);
  return outer.some((network) => {
    const [base, baseBits] = ipaddr.parseCIDR(network);
    return address.kind() === base.kind() && bits >= baseBits && address.match(base, baseBits);
  });
}
