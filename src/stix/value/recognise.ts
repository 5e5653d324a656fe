/**
 * What a text without a type is: the kinds of values that people write into lists, mails and tickets,
 * in the form in which the values of patterns and observables are looked up (`normalise`).
 */
import { parse } from 'tldts';
import { normalAddress } from './address.ts';
import { VALUE_LENGTH_MAX, type Doubt } from './doubt.ts';
import { asciiName, isFileEnding } from './domain.ts';
import { normalise } from './normalise.ts';
import { refang } from './refang.ts';

/** A value of a text. */
export interface Recognised {
  /** As observables have it, and `vulnerability` for a CVE id. */
  readonly kind: string;
  /** In the form in which it is looked up. */
  readonly value: string;
  /** As it was written, in its own case of letters, but not defanged; without its port. */
  readonly shown: string;
  /** Of `192.0.2.1:443` and the like: the port beside the address or name. */
  readonly port?: number;
  /** What is unusual about how it is written; it was defanged, for one. */
  readonly doubts: readonly Doubt[];
}

const HASH_KINDS: ReadonlyMap<number, string> = new Map([
  [32, 'hash:MD5'],
  [40, 'hash:SHA-1'],
  [56, 'hash:SHA-224'],
  [62, 'jarm'],
  [64, 'hash:SHA-256'],
  [96, 'hash:SHA-384'],
  [128, 'hash:SHA-512'],
]);
const HEXADECIMAL = /^[0-9a-f]+$/i;
/** `md5:…`, `sha256=…`, `ja3: …`: the type before the value, as lists and tools write it. */
const NAMED =
  /^(md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512|sha3-\d{3}|ssdeep|tlsh|imphash|ja3s?|jarm)[:=]\s*([^\s]+)$/i;
const SCHEME = /^[a-z][a-z0-9+.-]{1,20}:\/\//i;
/** Word processors write other hyphens. */
const CVE = /^cve[-\u2010-\u2015](\d{4})[-\u2010-\u2015](\d{4,19})$/i;
const AUTONOMOUS_SYSTEM = /^asn?[ -]?(\d{1,10})$/i;
const AUTONOMOUS_SYSTEM_MAX = 2 ** 32 - 1;
const REGISTRY_KEY =
  /^(?:hklm:?|hkcu:?|hkcr|hku|hkcc|hkey_(?:local_machine|current_user|classes_root|users|current_config))\\/i;
const FILE_PATH = /^(?:[a-z]:\\|\\\\[^\\]+\\|%[a-z]+%\\|~\/|\/(?:[^/\s]+\/)+)[^\s]/i;
const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$|^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i;
const EMAIL = /^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/;
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|([^:/\s]+)):(\d{1,5})$/i;
const HOST_AND_PATH = /^([^/?#\s:]+(?::\d{1,5})?)[/?#]/;
/** Names that the DNS of the internet does not have, and lists of indicators do (RFC 6761, RFC 7686). */
const SPECIAL_USE: ReadonlySet<string> = new Set(
  'onion example test invalid local internal arpa bit i2p'.split(' '),
);

const SUFFIX: Doubt = {
  code: 'public_suffix',
  detail: 'is a public suffix, under which anybody registers names',
};

const UNLISTED: Doubt = {
  code: 'no_top_level_domain',
  detail: 'ends in a label that is not a known top-level domain',
};

/**
 * The value that a text is, all of it: one line of a list. White space around it, defanging and
 * invisible characters are undone.
 * @returns undefined where it is not a value of a known form, or longer than 4,096 UTF-16 code units
 */
export function recognise(text: string): Recognised | undefined {
  if (text.length > VALUE_LENGTH_MAX) return undefined;
  const { text: plain, doubts } = refang(text);
  if (isNoText(plain)) return undefined;
  const found = byForm(plain) ?? withPort(plain) ?? name(plain);
  if (found === undefined) return undefined;
  return { ...found, doubts: [...doubts, ...found.doubts] };
}

/**
 * The value that a text is, of a kind that its list names: of what has no form of its own, such as the name of
 * a file, nothing else says what it is. `hash` is a hash of any algorithm, `address` an address or network.
 * @returns undefined where it is not of that kind
 */
export function recogniseAs(kind: string, text: string): Recognised | undefined {
  const found = recognise(text);
  if (found !== undefined && isOfKind(found, kind)) return found;
  if (text.length > VALUE_LENGTH_MAX || FORMED.has(kind)) return undefined;
  const { text: plain, doubts } = refang(text);
  if (isNoText(plain)) return undefined;
  const named = certain(kind, plain);
  if (named === undefined || !(kind.startsWith('hash:') || isOfKind(named, kind))) return undefined;
  return { ...named, doubts: [...doubts, ...named.doubts] };
}

/** Nothing, or what no object may hold: RFC 7493, and PostgreSQL, which stores no NUL. */
function isNoText(text: string): boolean {
  return text === '' || text.includes('\0') || !text.isWellFormed();
}

/** Kinds that are recognised by their form or not at all. */
const FORMED: ReadonlySet<string> = new Set(['hash', 'address', 'vulnerability']);

function isOfKind({ kind: found }: Recognised, kind: string): boolean {
  if (kind === 'hash') return /^(?:md5|sha\d|ssdeep|tlsh|ripemd|whirlpool)/.test(found);
  if (kind === 'address') return /^ipv[46]-/.test(found);
  return found === kind || (kind.endsWith('-addr') && found === kind.replace('-addr', '-cidr'));
}

/** Forms that nothing else has. */
function byForm(text: string): Recognised | undefined {
  const hash = hashOf(text);
  if (hash !== undefined) return hash;
  const vulnerability = vulnerabilityOf(text);
  if (vulnerability !== undefined) return vulnerability;
  const [, system] = AUTONOMOUS_SYSTEM.exec(text) ?? [];
  if (system !== undefined) return systemOf(system);
  if (SCHEME.test(text)) return urlOf(text);
  const address = normalAddress(text);
  if (address) return { ...address, shown: text };
  if (MAC.test(text)) return of('mac-addr', text);
  if (REGISTRY_KEY.test(text)) return of('windows-registry-key', text);
  if (FILE_PATH.test(text)) return of('file-path', text);
  return EMAIL.test(text) ? certain('email-addr', text) : undefined;
}

function vulnerabilityOf(text: string): Recognised | undefined {
  const [, year = '', number = ''] = CVE.exec(text) ?? [];
  if (year === '') return undefined;
  return { kind: 'vulnerability', value: `CVE-${year}-${number}`, shown: text, doubts: [] };
}

/** A reader of URLs leaves tabs and line breaks out, so that a URL with one would be another. */
function urlOf(text: string): Recognised | undefined {
  return /[\t\r\n]/.test(text) ? undefined : certain('url', text);
}

function systemOf(digits: string): Recognised | undefined {
  const number = Number(digits);
  return number > AUTONOMOUS_SYSTEM_MAX ? undefined : of('autonomous-system', String(number));
}

function hashOf(text: string): Recognised | undefined {
  const named = NAMED.exec(text);
  if (named) {
    const algorithm = (named[1] ?? '').toLowerCase();
    const isOther = /^(?:ja3s?|jarm|imphash)$/.test(algorithm);
    return certain(isOther ? algorithm : `hash:${algorithm}`, named[2] ?? '');
  }
  const kind = HASH_KINDS.get(text.length);
  return kind !== undefined && HEXADECIMAL.test(text) ? of(kind, text) : undefined;
}

/** `192.0.2.1:443`, `[2001:db8::1]:443`, `example.com:8080`. */
function withPort(text: string): Recognised | undefined {
  const [, inBrackets, host = inBrackets, digits] = WITH_PORT.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || port > 65_535) return undefined;
  const address = normalAddress(host);
  const found = address ? { ...address, shown: host } : name(host);
  return found?.kind.endsWith('-addr') === true || found?.kind === 'domain-name'
    ? { ...found, port }
    : undefined;
}

/** A domain name, a file name, or a URL without a scheme. */
function name(text: string): Recognised | undefined {
  const [, host] = HOST_AND_PATH.exec(text) ?? [];
  if (host !== undefined) return isHost(host) ? of('url', text) : undefined;
  if (!/[^.]\.[^.]/.test(text)) return undefined;
  const ascii = asciiName(text);
  if (ascii !== undefined && isTopLevel(ascii)) return listed(text, ascii);
  const ending = text.slice(text.lastIndexOf('.') + 1).toLowerCase();
  if (isFileEnding(ending) && !/\s/.test(text)) return of('file-name', text);
  return ascii === undefined || /^\d+$/.test(ending) ? undefined : unlisted(text);
}

function listed(text: string, ascii: string): Recognised {
  const found = of('domain-name', text);
  const options = { ...AS_IS, allowPrivateDomains: true };
  const isSuffix = !isSpecialUse(ascii) && parse(ascii, options).domain === null;
  return isSuffix ? { ...found, doubts: [...found.doubts, SUFFIX] } : found;
}

function isHost(text: string): boolean {
  return (name(text) ?? normalAddress(text) ?? withPort(text)) !== undefined;
}

/** Other roots have names of their own, and a list may hold one that somebody reported. */
function unlisted(text: string): Recognised | undefined {
  const found = certain('domain-name', text);
  return found && { ...found, doubts: [...found.doubts, UNLISTED] };
}

/** Names that are names already. */
const AS_IS = { extractHostname: false, validateHostname: false, detectIp: false };

/** Whether its end is one of the public suffix list, or of a standard. */
function isTopLevel(ascii: string): boolean {
  return isSpecialUse(ascii) || parse(ascii, AS_IS).isIcann === true;
}

function isSpecialUse(ascii: string): boolean {
  const name = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  return SPECIAL_USE.has(name.slice(name.lastIndexOf('.') + 1));
}

function of(kind: string, text: string): Recognised {
  return { ...normalise(kind, text), shown: text };
}

/** As long as it is of the form that its kind has. */
function certain(kind: string, text: string): Recognised | undefined {
  const found = of(kind, text);
  const isNone = found.doubts.some(({ code }) => code.startsWith('not_a'));
  return isNone ? undefined : found;
}
