/**
 * Values of observables (STIX 2.1 section 6) as they are looked up, by kind. What is stored and shared
 * stays as it was given.
 */
import { normalAddress } from './address.ts';
import type { Doubt, NormalValue } from './doubt.ts';
import { VALUE_LENGTH_MAX, uncover } from './doubt.ts';
import { normalDomain } from './domain.ts';
import { isKnownHashForm, normalHash } from './hash.ts';
import { normalEmail, normalUrl } from './url.ts';

/** As STIX writes it, and as others do: with hyphens, in three parts with dots, or bare. */
const MAC =
  /^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5}|[0-9a-f]{2}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{10})$/;
const FINGERPRINT = /^(?:[0-9a-f]{32}|[0-9a-f]{62})$/;
const HIVES: ReadonlyMap<string, string> = new Map([
  ['hklm', 'hkey_local_machine'],
  ['hkcu', 'hkey_current_user'],
  ['hkcr', 'hkey_classes_root'],
  ['hku', 'hkey_users'],
  ['hkcc', 'hkey_current_config'],
  // As PowerShell writes them.
  ['hklm:', 'hkey_local_machine'],
  ['hkcu:', 'hkey_current_user'],
]);

const NORMALISERS: ReadonlyMap<string, (text: string) => NormalValue> = new Map(
  Object.entries<(text: string) => NormalValue>({
    'domain-name': normalDomain,
    url: normalUrl,
    'email-addr': normalEmail,
    address: normalEndpoint,
    'ipv4-addr': (text) => addressOr('ipv4-addr', text),
    'ipv6-addr': (text) => addressOr('ipv6-addr', text),
    'mac-addr': normalMac,
    'autonomous-system': (text) => plain('autonomous-system', text.trim().replace(/^as/i, '')),
    'windows-registry-key': normalRegistryKey,
    'x509-serial': normalSerial,
    'file-name': (text) => folded('file-name', text),
    'file-path': (text) => folded('file-path', text),
    'process-name': (text) => folded('process-name', text),
    ja3: (text) => fingerprint('ja3', text),
    ja3s: (text) => fingerprint('ja3s', text),
    jarm: (text) => fingerprint('jarm', text),
    imphash: (text) => plain('imphash', text.toLowerCase()),
  }),
);

/**
 * Brings a value of a kind into the one form in which it is looked up.
 * @param kind as `kindOfPath` tells it: `domain-name`, `hash:SHA-256`, `x509-hash:SHA-1`, `mutex` …
 */
export function normalise(kind: string, text: string): NormalValue {
  if (text.length > VALUE_LENGTH_MAX) {
    const detail = `is longer than ${VALUE_LENGTH_MAX} characters and cannot be looked up`;
    return { kind, value: text, doubts: [{ code: 'value_too_long', detail }] };
  }
  const normaliser = NORMALISERS.get(kind);
  if (normaliser) return normaliser(text);
  if (kind.startsWith('hash:')) return digest('', kind.slice(5), text);
  if (kind.startsWith('x509-hash:')) return digest('x509-', kind.slice(10), text);
  const { text: shown, doubts } = uncover(text, 'text');
  return { kind, value: shown.normalize('NFC'), doubts };
}

function plain(kind: string, value: string): NormalValue {
  return { kind, value, doubts: [] };
}

/** Names of files compare without regard to case on most systems they are looked for on. */
function folded(kind: string, text: string): NormalValue {
  const { text: shown, doubts } = uncover(text, 'text');
  return { kind, value: shown.normalize('NFC').toLowerCase(), doubts };
}

function addressOr(kind: string, text: string): NormalValue {
  const shown = uncover(text, 'address');
  const address = normalAddress(shown.text);
  if (address) return { ...address, doubts: [...shown.doubts, ...address.doubts] };
  const doubt: Doubt = { code: 'not_an_address', detail: 'is not an IP address or network' };
  return { kind, value: shown.text.toLowerCase(), doubts: [...shown.doubts, doubt] };
}

/** An end of a connection: an address, a network, a MAC address or a domain name. */
function normalEndpoint(text: string): NormalValue {
  const shown = uncover(text, 'address');
  const known = normalAddress(shown.text) ?? macOf(shown.text);
  if (!known) return normalDomain(text);
  return { ...known, doubts: [...shown.doubts, ...known.doubts] };
}

function normalMac(text: string): NormalValue {
  const shown = uncover(text, 'text');
  const mac = macOf(shown.text);
  if (mac) return { ...mac, doubts: shown.doubts };
  const doubt: Doubt = { code: 'not_a_mac_address', detail: 'is not a MAC address' };
  return { kind: 'mac-addr', value: shown.text.toLowerCase(), doubts: [...shown.doubts, doubt] };
}

function macOf(text: string): NormalValue | undefined {
  const lower = text.toLowerCase();
  if (!MAC.test(lower)) return undefined;
  const digits = lower.replace(/[:.-]/g, '');
  return plain('mac-addr', digits.replace(/(..)(?!$)/g, '$1:'));
}

/** Hives in full, lower case, no backslash at the end: the registry does not tell cases apart. */
function normalRegistryKey(text: string): NormalValue {
  const { text: shown, doubts } = uncover(text, 'text');
  const kind = 'windows-registry-key';
  const steps = shown.normalize('NFC').toLowerCase().split('\\').filter(Boolean);
  const hive = HIVES.get(steps[0] ?? '');
  if (hive === undefined) return { kind, value: steps.join('\\'), doubts };
  const doubt: Doubt = { code: 'hive_abbreviated', detail: 'abbreviates the name of its hive' };
  return { kind, value: [hive, ...steps.slice(1)].join('\\'), doubts: [...doubts, doubt] };
}

function normalSerial(text: string): NormalValue {
  const digits = text.trim().toLowerCase().replace(/^0x/, '').replace(/[: ]/g, '');
  return plain('x509-serial', digits.replace(/^0+(?=.)/, ''));
}

function fingerprint(kind: string, text: string): NormalValue {
  const value = text.trim().toLowerCase();
  if (FINGERPRINT.test(value)) return plain(kind, value);
  return {
    kind,
    value,
    doubts: [{ code: 'not_a_hash', detail: `is not a valid ${kind} fingerprint` }],
  };
}

function digest(prefix: string, algorithm: string, text: string): NormalValue {
  const { text: shown, doubts } = uncover(text, 'text');
  const normal = normalHash(algorithm, shown);
  if (!isKnownHashForm(algorithm, shown)) {
    doubts.push({ code: 'not_a_hash', detail: `is not a valid ${algorithm} hash` });
  }
  return { kind: prefix + normal.kind, value: normal.value, doubts };
}
