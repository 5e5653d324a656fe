/**
 * What kind of observable a property holds: STIX 2.1 section 6, and properties that real patterns
 * name though the specification has none such (`process:name`, `app:id`).
 */
import { SCO_TYPES } from '../object.ts';
import { hashAlgorithmName } from './hash.ts';

const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'domain-name': {
    value: 'domain-name',
    'resolves_to_refs.value': 'address',
  },
  url: {
    value: 'url',
  },
  artifact: {
    url: 'url',
  },
  'ipv4-addr': {
    value: 'ipv4-addr',
  },
  'ipv6-addr': {
    value: 'ipv6-addr',
  },
  'mac-addr': {
    value: 'mac-addr',
  },
  'network-traffic': {
    'src_ref.value': 'address',
    'dst_ref.value': 'address',
    'extensions.http-request-ext.request_header.User-Agent': 'user-agent',
  },
  'autonomous-system': {
    number: 'autonomous-system',
  },
  'email-addr': {
    value: 'email-addr',
  },
  'email-message': {
    'from_ref.value': 'email-addr',
    'sender_ref.value': 'email-addr',
    'to_refs.value': 'email-addr',
    'cc_refs.value': 'email-addr',
    'bcc_refs.value': 'email-addr',
    subject: 'email-subject',
  },
  file: {
    name: 'file-name',
    path: 'file-path',
    'parent_directory_ref.path': 'file-path',
    'extensions.windows-pebinary-ext.imphash': 'imphash',
  },
  directory: {
    path: 'file-path',
  },
  mutex: {
    name: 'mutex',
  },
  process: {
    name: 'process-name',
    'image_ref.name': 'process-name',
    command_line: 'command-line',
  },
  'user-account': {
    account_login: 'user-account',
    user_id: 'user-account',
  },
  'windows-registry-key': {
    key: 'windows-registry-key',
  },
  'win-registry-key': {
    key: 'windows-registry-key',
  },
  'x509-certificate': {
    serial_number: 'x509-serial',
    issuer: 'x509-issuer',
    subject: 'x509-subject',
  },
  app: {
    'cert.md5': 'x509-hash:MD5',
    'cert.sha1': 'x509-hash:SHA-1',
    'cert.sha256': 'x509-hash:SHA-256',
  },
};
const KINDS_BY_TYPE = new Map(
  Object.entries(KINDS).map(([type, kinds]) => [type, new Map(Object.entries(kinds))]),
);
const HASHED: Readonly<Record<string, string>> = {
  file: 'hash:',
  artifact: 'hash:',
  'x509-certificate': 'x509-hash:',
};
const KIND_LENGTH_MAX = 250;
const FINGERPRINT = /(?:^|_|-)(ja3s?|jarm)(?:_hash|_fingerprint)?$/i;

/**
 * The kind of the values at a path of keys, list indices left out; a type that the specification
 * does not know is its own kind (`app:id`). Undefined for what nobody looks up: sizes, dates, ports.
 */
export function kindOfPath(objectType: string, keys: readonly string[]): string | undefined {
  const path = keys.length === 1 ? String(keys[0]) : keys.join('.');
  const kind =
    KINDS_BY_TYPE.get(objectType)?.get(path) ??
    hashKind(objectType, keys) ??
    fingerprintKind(String(keys.at(-1)));
  if (kind !== undefined || SCO_TYPES.has(objectType)) return kind;
  const name = `${objectType}:${path}`;
  return name.length > KIND_LENGTH_MAX ? undefined : name;
}

function hashKind(objectType: string, keys: readonly string[]): string | undefined {
  const [property, algorithm] = keys;
  if (property !== 'hashes' || algorithm === undefined || keys.length > 2) return undefined;
  if (algorithm.length > KIND_LENGTH_MAX) return undefined;
  const prefix = Object.hasOwn(HASHED, objectType) ? HASHED[objectType] : undefined;
  return prefix === undefined ? undefined : prefix + hashAlgorithmName(algorithm);
}

function fingerprintKind(key: string): string | undefined {
  return FINGERPRINT.exec(key)?.[1]?.toLowerCase();
}
