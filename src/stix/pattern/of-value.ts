/** The pattern that looks for one value: STIX 2.1 section 9, with the objects of section 6. */
import type { Recognised } from '../value/recognise.ts';

/** How the property of a kind is written in a pattern. */
const PROPERTIES: Readonly<Record<string, string>> = {
  'ipv4-addr': 'ipv4-addr:value',
  'ipv6-addr': 'ipv6-addr:value',
  'domain-name': 'domain-name:value',
  url: 'url:value',
  'email-addr': 'email-addr:value',
  'mac-addr': 'mac-addr:value',
  md5: 'file:hashes.MD5',
  sha1: "file:hashes.'SHA-1'",
  sha224: "file:hashes.'SHA-224'",
  sha256: "file:hashes.'SHA-256'",
  sha384: "file:hashes.'SHA-384'",
  sha512: "file:hashes.'SHA-512'",
  'sha3-224': "file:hashes.'SHA3-224'",
  'sha3-256': "file:hashes.'SHA3-256'",
  'sha3-384': "file:hashes.'SHA3-384'",
  'sha3-512': "file:hashes.'SHA3-512'",
  ssdeep: 'file:hashes.SSDEEP',
  tlsh: 'file:hashes.TLSH',
  imphash: "file:extensions.'windows-pebinary-ext'.imphash",
  // No property of the specification holds these.
  ja3: 'network-traffic:x_ja3_hash',
  ja3s: 'network-traffic:x_ja3s_hash',
  jarm: 'network-traffic:x_jarm_fingerprint',
};
/** Kinds whose values compare with their case of letters, so that they are written as they were given. */
const AS_GIVEN: Readonly<Record<string, string>> = {
  'file-name': 'file:name',
  'process-name': 'process:image_ref.name',
  mutex: 'mutex:name',
  'user-agent': "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
  'email-subject': 'email-message:subject',
};
const NETWORKS: Readonly<Record<string, string>> = {
  'ipv4-cidr': 'ipv4-addr:value',
  'ipv6-cidr': 'ipv6-addr:value',
};
const HIVES: Readonly<Record<string, string>> = {
  hklm: 'HKEY_LOCAL_MACHINE',
  hkcu: 'HKEY_CURRENT_USER',
  hkcr: 'HKEY_CLASSES_ROOT',
  hku: 'HKEY_USERS',
  hkcc: 'HKEY_CURRENT_CONFIG',
};

/** Undefined for a value that no observable has, such as a CVE id. */
export function patternOf({ kind, value, shown, port }: Recognised): string | undefined {
  if (port !== undefined) return connection(kind, value, port);
  const own = (from: Readonly<Record<string, string>>): string | undefined =>
    Object.hasOwn(from, kind) ? from[kind] : undefined;
  const property = own(PROPERTIES);
  if (property !== undefined) return `[${property} = ${quoted(value)}]`;
  const network = own(NETWORKS);
  if (network !== undefined) return `[${network} ISSUBSET ${quoted(value)}]`;
  if (kind === 'file-path') return file(shown);
  if (kind === 'windows-registry-key') {
    return `[windows-registry-key:key = ${quoted(withHive(shown))}]`;
  }
  if (kind === 'autonomous-system') return `[autonomous-system:number = ${value}]`;
  const given = own(AS_GIVEN);
  return given === undefined ? undefined : `[${given} = ${quoted(shown)}]`;
}

/** Section 6.12: what connects to an address or name at a port. */
function connection(kind: string, value: string, port: number): string {
  const end = 'network-traffic:dst_ref';
  return `[${end}.type = '${kind}' AND ${end}.value = ${quoted(value)} AND network-traffic:dst_port = ${port}]`;
}

/** Section 6.7: a file has its name and, in another object, the path of its directory. */
function file(path: string): string {
  const at = Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/'));
  const [directory, name] = [path.slice(0, at), path.slice(at + 1)];
  if (name === '') return `[directory:path = ${quoted(directory)}]`;
  if (directory === '') return `[file:name = ${quoted(name)}]`;
  return `[file:name = ${quoted(name)} AND file:parent_directory_ref.path = ${quoted(directory)}]`;
}

/** Section 6.17: the hive in full. */
function withHive(key: string): string {
  const [first = '', ...rest] = key.split('\\').filter((step) => step !== '');
  const hive = HIVES[first.toLowerCase().replace(/:$/, '')] ?? first;
  return [hive, ...rest].join('\\');
}

/** Section 9.2: a string literal. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
