/** The networks that an address belongs to, as far as one customer is likely to have them. */
import ipaddr from 'ipaddr.js';

const NARROW = { ipv4: 32, ipv6: 64 };
const WIDE = { ipv4: 24, ipv6: 48 };

/** An IPv4 address by itself; the /64 of an IPv6 address. */
export function narrowNetwork(address: string): string {
  return networkOf(address, NARROW);
}

/** The /24 of an IPv4 address, the /48 of an IPv6 one. */
export function wideNetwork(address: string): string {
  return networkOf(address, WIDE);
}

/** IPv4 addresses in IPv6 form count as what they are; what is not an address is one network. */
function networkOf(address: string, bits: typeof NARROW): string {
  if (!ipaddr.isValid(address)) return '';
  const parsed = ipaddr.process(address);
  const kind = parsed.kind();
  const bytes = parsed.toByteArray().slice(0, bits[kind] / 8);
  return `${kind} ${bytes.join('.')}/${bits[kind]}`;
}
