/**
 * IPv4 and IPv6 addresses and networks: STIX 2.1 sections 6.8 and 6.9, RFC 4632, RFC 5952 (how IPv6
 * is written), and the special-purpose registries of RFC 6890.
 */
import type { Doubt, NormalValue } from './doubt.ts';
import { NO_DOUBTS } from './doubt.ts';

const IPV4 = /^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$/;
const PREFIX = /^[0-9]{1,3}$/;
const IPV6_CHARACTERS = /^[0-9a-fA-F:]{2,39}$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** Networks wider than these are reported as doubtful. */
const WIDE_IPV4_PREFIX = 8;
const WIDE_IPV6_PREFIX = 16;

type Range = readonly [name: string, network: readonly number[], prefix: number];

const SPECIAL_IPV4: readonly Range[] = [
  ['unspecified', [0, 0, 0, 0], 8],
  ['private', [10, 0, 0, 0], 8],
  ['shared', [100, 64, 0, 0], 10],
  ['loopback', [127, 0, 0, 0], 8],
  ['link-local', [169, 254, 0, 0], 16],
  ['private', [172, 16, 0, 0], 12],
  ['protocol assignments', [192, 0, 0, 0], 24],
  ['documentation', [192, 0, 2, 0], 24],
  ['private', [192, 168, 0, 0], 16],
  ['benchmarking', [198, 18, 0, 0], 15],
  ['documentation', [198, 51, 100, 0], 24],
  ['documentation', [203, 0, 113, 0], 24],
  ['multicast', [224, 0, 0, 0], 4],
  ['reserved', [240, 0, 0, 0], 4],
];

const SPECIAL_IPV6: readonly Range[] = [
  ['unspecified', [0, 0, 0, 0, 0, 0, 0, 0], 128],
  ['loopback', [0, 0, 0, 0, 0, 0, 0, 1], 128],
  ['IPv4-mapped', [0, 0, 0, 0, 0, 0xffff, 0, 0], 96],
  ['discard', [0x100, 0, 0, 0, 0, 0, 0, 0], 64],
  ['documentation', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32],
  ['documentation', [0x3fff, 0, 0, 0, 0, 0, 0, 0], 20],
  ['unique local', [0xfc00, 0, 0, 0, 0, 0, 0, 0], 7],
  ['link-local', [0xfe80, 0, 0, 0, 0, 0, 0, 0], 10],
  ['multicast', [0xff00, 0, 0, 0, 0, 0, 0, 0], 8],
];

/**
 * An address or network in canonical form: kind `ipv4-addr`, `ipv4-cidr`, `ipv6-addr` or
 * `ipv6-cidr` (a network of one address is that address; host bits are cleared).
 * @returns undefined when the text is not an address.
 */
export function normalAddress(text: string): NormalValue | undefined {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const parts = readIpv4(host) ?? readIpv6(host);
  if (!parts) return undefined;
  const partBits = parts.length === 4 ? 8 : 16;
  const bits = parts.length * partBits;
  const prefix = slash < 0 ? bits : readPrefix(text.slice(slash + 1), bits);
  if (prefix === undefined) return undefined;
  const network = masked(parts, prefix, partBits);
  const family = parts.length === 4 ? 'ipv4' : 'ipv6';
  const value = parts.length === 4 ? network.join('.') : printIpv6(network);
  const doubts = doubtsOf(parts, network, prefix, partBits);
  if (prefix === bits) return { kind: `${family}-addr`, value, doubts };
  return { kind: `${family}-cidr`, value: `${value}/${prefix}`, doubts };
}

/**
 * True for an IPv4 address between these places that no special-purpose range holds. It may say no
 * to one that `normalAddress` doubts nothing of; it never says yes where that does.
 */
export function isPublicIpv4(text: string, start: number, end: number): boolean {
  let dots = 0;
  let octet = -1;
  let front = 0;
  for (let at = start; at <= end; at += 1) {
    const digit = at < end ? text.charCodeAt(at) - 48 : DOT;
    if (digit === DOT) {
      if (octet < 0 || octet > 255) return false;
      front = dots < 3 ? front * 256 + octet : front;
      dots += 1;
      octet = -1;
    } else if (digit < 0 || digit > 9 || octet === 0) return false;
    else octet = Math.max(octet, 0) * 10 + digit;
  }
  return dots === 4 && !isSpecialFront(front);
}

/** A dot, as far as it stands from the digit 0. */
const DOT = -2;

/** By the first three octets; nothing special is smaller than a /24. */
function isSpecialFront(front: number): boolean {
  for (const { base, unit } of SPECIAL_FRONTS) if (front - (front % unit) === base) return true;
  return false;
}

/** The first three octets of each special range as a number, and how many of them it spans. */
const SPECIAL_FRONTS = SPECIAL_IPV4.map(([, [a = 0, b = 0, c = 0], prefix]) => ({
  base: (a * 256 + b) * 256 + c,
  unit: 2 ** (24 - prefix),
}));

function readPrefix(text: string, bits: number): number | undefined {
  return PREFIX.test(text) && Number(text) <= bits ? Number(text) : undefined;
}

/** Four octets, without leading zeros, which some readers take for octal. */
function readIpv4(text: string): number[] | undefined {
  const parts = IPV4.exec(text);
  if (!parts) return undefined;
  const octets: number[] = [];
  for (let index = 1; index <= 4; index += 1) {
    const part = parts[index] ?? '';
    const octet = Number(part);
    if (octet > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    octets.push(octet);
  }
  return octets;
}

/** Eight groups; `::` once, and an IPv4 address at the end, are read. */
function readIpv6(text: string): number[] | undefined {
  const groups = text.includes('.') ? withoutDots(text) : text;
  if (!IPV6_CHARACTERS.test(groups)) return undefined;
  const [front, back, more] = groups.split('::').map(readGroups);
  if (more !== undefined || !front) return undefined;
  if (!groups.includes('::')) return front.length === 8 ? front : undefined;
  const missing = back ? 8 - front.length - back.length : 0;
  return missing < 1 ? undefined : [...front, ...Array<number>(missing).fill(0), ...(back ?? [])];
}

/** `::ffff:192.0.2.1` as `::ffff:c000:201`; empty when the end is not an IPv4 address. */
function withoutDots(text: string): string {
  const colon = text.lastIndexOf(':') + 1;
  const octets = text.length <= 45 ? readIpv4(text.slice(colon)) : undefined;
  if (!octets) return '';
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return `${text.slice(0, colon)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function readGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => GROUP.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

function masked(parts: readonly number[], prefix: number, partBits: number): number[] {
  return parts.map((part, index) => {
    const kept = Math.min(Math.max(prefix - index * partBits, 0), partBits);
    const unit = 2 ** (partBits - kept);
    return part - (part % unit);
  });
}

/** RFC 5952: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function printIpv6(groups: readonly number[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  const end = best.start + best.length;
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(end).join(':')}`;
}

function doubtsOf(
  parts: readonly number[],
  network: readonly number[],
  prefix: number,
  partBits: number,
): readonly Doubt[] {
  const isIpv4 = parts.length === 4;
  const special = (isIpv4 ? SPECIAL_IPV4 : SPECIAL_IPV6).find(
    ([, range, length]) => prefix >= length && isWithin(network, range, length, partBits),
  );
  const wide = prefix < (isIpv4 ? WIDE_IPV4_PREFIX : WIDE_IPV6_PREFIX);
  const hostBits = parts.some((part, index) => part !== network[index]);
  if (!special && !wide && !hostBits) return NO_DOUBTS;
  const doubts: Doubt[] = [];
  if (prefix === 0) doubts.push({ code: 'whole_internet', detail: 'covers the whole internet' });
  else if (wide)
    doubts.push({ code: 'wide_network', detail: `is a very wide network (/${prefix})` });
  if (special && prefix > 0) {
    const detail = `is in a special-purpose range (${special[0]})`;
    doubts.push({ code: 'special_purpose_address', detail });
  }
  if (hostBits) {
    doubts.push({ code: 'host_bits_set', detail: 'has bits set beyond its prefix length' });
  }
  return doubts;
}

function isWithin(
  network: readonly number[],
  range: readonly number[],
  length: number,
  partBits: number,
): boolean {
  for (let index = 0; index < network.length; index += 1) {
    const bits = Math.min(Math.max(length - index * partBits, 0), partBits);
    if (bits === 0) return true;
    const unit = 2 ** (partBits - bits);
    if (Math.floor((network[index] ?? 0) / unit) !== Math.floor((range[index] ?? 0) / unit)) {
      return false;
    }
  }
  return true;
}
