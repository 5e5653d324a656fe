import { BlockList, isIP, isIPv6 } from 'node:net';

/** Whether this is a CIDR, such as 192.0.2.0/24 or 2001:db8::/32. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  return /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= (version === 6 ? 128 : 32);
}

/** Whether an address (of a socket, so possibly an IPv4 one in IPv6 form) is in one of the CIDRs. */
export function isWithin(networks: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    list.addSubnet(base, Number(bits), isIPv6(base) ? 'ipv6' : 'ipv4');
  }
  return address !== '' && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
