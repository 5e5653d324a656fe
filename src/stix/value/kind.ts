/**
 * What kind of observable a property holds: STIX 2.1 section 6, and properties that real patterns
 * name though the specification has none such (`process:name`, `app:id`).
 */
import { SCO_TYPES } from '../object.ts';
import { hashAlgorithmName } from './hash.ts';

const KINDS: ReadonlyMap<string, string> = new Map([
  ['domain-name:value', 'domain-name'],
  ['domain-name:resolves_to_refs.value', 'address'],
  ['url:value', 'url'],
  ['artifact:url', 'url'],
  ['ipv4-addr:value', 'ipv4-addr'],
  ['ipv6-addr:value', 'ipv6-addr'],
  ['mac-addr:value', 'mac-addr'],
  ['network-traffic:src_ref.value', 'address'],
  ['network-traffic:dst_ref.value', 'address'],
  ['network-traffic:extensions.http-request-ext.request_header.User-Agent', 'user-agent'],
  ['autonomous-system:number', 'autonomous-system'],
  ['email-addr:value', 'email-addr'],
  ['email-message:from_ref.value', 'email-addr'],
  ['email-message:sender_ref.value', 'email-addr'],
  ['email-message:to_refs.value', 'email-addr'],
  ['email-message:cc_refs.value', 'email-addr'],
  ['email-message:bcc_refs.value', 'email-addr'],
  ['email-message:subject', 'email-subject'],
  ['file:name', 'file-name'],
  ['file:path', 'file-path'],
  ['file:parent_directory_ref.path', 'file-path'],
  ['directory:path', 'file-path'],
  ['file:extensions.windows-pebinary-ext.imphash', 'imphash'],
  ['mutex:name', 'mutex'],
  ['process:name', 'process-name'],
  ['process:image_ref.name', 'process-name'],
  ['process:command_line', 'command-line'],
  ['user-account:account_login', 'user-account'],
  ['user-account:user_id', 'user-account'],
  ['windows-registry-key:key', 'windows-registry-key'],
  ['win-registry-key:key', 'windows-registry-key'],
  ['x509-certificate:serial_number', 'x509-serial'],
  ['x509-certificate:issuer', 'x509-issuer'],
  ['x509-certificate:subject', 'x509-subject'],
  ['app:cert.md5', 'x509-hash:MD5'],
  ['app:cert.sha1', 'x509-hash:SHA-1'],
  ['app:cert.sha256', 'x509-hash:SHA-256'],
]);
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
  const name = `${objectType}:${keys.length === 1 ? String(keys[0]) : keys.join('.')}`;
  const kind =
    KINDS.get(name) ?? hashKind(objectType, keys) ?? fingerprintKind(String(keys.at(-1)));
  if (kind !== undefined) return kind;
  return SCO_TYPES.has(objectType) || name.length > KIND_LENGTH_MAX ? undefined : name;
}

function hashKind(objectType: string, keys: readonly string[]): string | undefined {
  const [property, algorithm] = keys;
  if (property !== 'hashes' || algorithm === undefined || keys.length > 2) return undefined;
  const prefix = Object.hasOwn(HASHED, objectType) ? HASHED[objectType] : undefined;
  return prefix === undefined ? undefined : prefix + hashAlgorithmName(algorithm);
}

function fingerprintKind(key: string): string | undefined {
  return FINGERPRINT.exec(key)?.[1]?.toLowerCase();
}
