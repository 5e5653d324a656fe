/**
 * Which addresses belong to the public internet, after the IANA special-purpose registries for IPv4 and IPv6
 * (RFC 6890, RFC 8190). Everything else is refused: what the server can reach and its members cannot.
 */
import ipaddr from 'ipaddr.js';
import { networkTest, parseAddress } from '../networks.ts';

const SPECIAL_V4: readonly (readonly [cidr: string, why: string])[] = [
  ['0.0.0.0/8', 'this network (RFC 791)'],
  ['10.0.0.0/8', 'private use (RFC 1918)'],
  ['100.64.0.0/10', 'shared address space (RFC 6598)'],
  ['127.0.0.0/8', 'loopback (RFC 1122)'],
  ['168.63.129.16/32', 'a cloud platform’s own host'],
  ['169.254.0.0/16', 'link-local (RFC 3927)'],
  ['172.16.0.0/12', 'private use (RFC 1918)'],
  ['192.0.0.0/24', 'protocol assignments (RFC 6890)'],
  ['192.0.2.0/24', 'documentation (RFC 5737)'],
  ['192.31.196.0/24', 'AS112 (RFC 7535)'],
  ['192.52.193.0/24', 'multicast tunnelling (RFC 7450)'],
  ['192.88.99.0/24', '6to4 relays (RFC 7526)'],
  ['192.168.0.0/16', 'private use (RFC 1918)'],
  ['192.175.48.0/24', 'AS112 (RFC 7534)'],
  ['198.18.0.0/15', 'benchmarking (RFC 2544)'],
  ['198.51.100.0/24', 'documentation (RFC 5737)'],
  ['203.0.113.0/24', 'documentation (RFC 5737)'],
  ['224.0.0.0/4', 'multicast (RFC 1112)'],
  ['240.0.0.0/4', 'reserved (RFC 1112)'],
];

/** Inside 2000::/3, the only space of which global unicast addresses are handed out (RFC 4291 §2.4). */
const SPECIAL_V6: readonly (readonly [cidr: string, why: string])[] = [
  ['2001::/23', 'protocol assignments (RFC 2928)'],
  ['2001:db8::/32', 'documentation (RFC 3849)'],
  ['2002::/16', '6to4 (RFC 7526)'],
  ['2620:4f:8000::/48', 'AS112 (RFC 7534)'],
  ['3fff::/20', 'documentation (RFC 9637)'],
];

const specialV4 = SPECIAL_V4.map(([cidr, why]) => ({ holds: networkTest([cidr]), why }));
const specialV6 = SPECIAL_V6.map(([cidr, why]) => ({ holds: networkTest([cidr]), why }));
const isGlobalUnicastV6 = networkTest(['2000::/3']);
const isTranslatedV4 = networkTest(['64:ff9b::/96']);

/**
 * Why an address (as a resolver or the URL parser spells it) is not one of the public internet, in words, or
 * undefined where it is. What cannot be read is not.
 */
export function whyNotGlobal(address: string): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return 'not an address';
  return parsed instanceof ipaddr.IPv4 ? whyNotGlobalV4(parsed) : whyNotGlobalV6(parsed);
}

function whyNotGlobalV4(address: ipaddr.IPv4): string | undefined {
  const text = address.toString();
  return specialV4.find(({ holds }) => holds(text))?.why;
}

function whyNotGlobalV6(address: ipaddr.IPv6): string | undefined {
  const text = address.toString();
  if (isTranslatedV4(text)) return whyNotGlobalV4(embeddedV4(address));
  if (!isGlobalUnicastV6(text)) return 'not global unicast (RFC 4291)';
  if (isIsatap(address)) return 'ISATAP (RFC 5214)';
  return specialV6.find(({ holds }) => holds(text))?.why;
}

/** A router at home would unwrap these to the IPv4 address in their last 32 bits. */
function isIsatap(address: ipaddr.IPv6): boolean {
  return (address.parts[4] === 0 || address.parts[4] === 0x0200) && address.parts[5] === 0x5efe;
}

function embeddedV4(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}
