/**
 * Deterministic identifiers of cyber-observable objects: STIX 2.1 sections 2.9 and 3.4, UUIDv5
 * (RFC 4122 section 4.3) over the canonical JSON of the contributing properties.
 */
import { hash } from 'node:crypto';
import { canonicalJson } from './json/canonical.ts';
import { uuid5, uuidOf } from './uuid.ts';

/** Section 2.9: the namespace of all of them, as octets in hexadecimal digits. */
const NAMESPACE = Buffer.from('00abedb4aa42466c9c01fed23315a9b7', 'hex');

/** The ID Contributing Properties of each type; none for process, whose ids are random. */
const CONTRIBUTING: Readonly<Record<string, readonly string[]>> = {
  artifact: ['hashes', 'payload_bin'],
  'autonomous-system': ['number'],
  directory: ['path'],
  'domain-name': ['value'],
  'email-addr': ['value'],
  'email-message': ['from_ref', 'subject', 'body'],
  file: ['hashes', 'name', 'extensions', 'parent_directory_ref'],
  'ipv4-addr': ['value'],
  'ipv6-addr': ['value'],
  'mac-addr': ['value'],
  mutex: ['name'],
  'network-traffic': [
    'start',
    'end',
    'src_ref',
    'dst_ref',
    'src_port',
    'dst_port',
    'protocols',
    'extensions',
  ],
  software: ['name', 'cpe', 'swid', 'vendor', 'version'],
  url: ['value'],
  'user-account': ['account_type', 'user_id', 'account_login'],
  'windows-registry-key': ['key', 'values'],
  'x509-certificate': ['hashes', 'serial_number'],
};
const HASH_PREFERENCE = ['MD5', 'SHA-1', 'SHA-256', 'SHA-512'];

/**
 * The identifier that the specification gives a cyber-observable object.
 * @returns undefined for other types, for process, and where no contributing property is given.
 */
export function scoIdOf(object: Readonly<Record<string, unknown>>): string | undefined {
  const { type } = object;
  if (typeof type !== 'string' || !Object.hasOwn(CONTRIBUTING, type)) return undefined;
  const contributing: Record<string, unknown> = {};
  for (const name of CONTRIBUTING[type] ?? []) {
    const value = object[name];
    if (value !== undefined) contributing[name] = name === 'hashes' ? oneHash(value) : value;
  }
  if (Object.keys(contributing).length === 0) return undefined;
  return `${type}--${uuid5(NAMESPACE, canonicalJson(contributing))}`;
}

/** Section 6.7: one hash counts, by preference, else the first by name. */
function oneHash(hashes: unknown): unknown {
  if (typeof hashes !== 'object' || hashes === null) return hashes;
  const given = hashes as Record<string, unknown>;
  const preferred = HASH_PREFERENCE.find((name) => Object.hasOwn(given, name));
  const name = preferred ?? Object.keys(given).toSorted()[0];
  return name === undefined ? given : { [name]: given[name] };
}

/**
 * An identifier with a UUIDv4 made from a seed, for an object of no contributing property (section
 * 2.9 asks for version 4): lifting the same bundle twice makes the same object.
 */
export function randomIdFrom(type: string, seed: string): string {
  const digest = hash('sha256', seed, 'buffer');
  return `${type}--${uuidOf(digest, 0x40)}`;
}
