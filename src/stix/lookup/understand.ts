/** What a value that is looked up is: its type by its form, or the type that its sender gave. */
import { hashAlgorithmName } from '../value/hash.ts';
import { VALUE_LENGTH_MAX } from '../value/doubt.ts';
import { normalise } from '../value/normalise.ts';
import { recognise } from '../value/recognise.ts';

/** A value as it is looked up. */
export interface TypedValue {
  readonly kind: string;
  /** Normalised. */
  readonly value: string;
}

/** How a value was understood. */
export interface Understood extends TypedValue {
  /** Of `192.0.2.1:443` and the like. */
  readonly port?: number;
  /** What else it may be, since its form does not tell: a hash of another algorithm, the name of a process. */
  readonly others: readonly TypedValue[];
}

export interface AskedValue {
  readonly value: string;
  /** Its kind, as hits name it; without it, the form of the value tells. */
  readonly type?: string | undefined;
  /** Why it could not be read. */
  readonly fault?: LookupFault;
}

/** Why a value cannot be looked up. */
export interface LookupFault {
  readonly code: string;
  readonly detail: string;
}

/** The kind of a text without a form of its own. */
const TEXT_KIND = 'text';

/** Kinds whose values look alike. */
const ALIKE: Readonly<Record<string, readonly string[]>> = {
  md5: ['imphash', 'ja3', 'ja3s', 'x509-md5'],
  sha1: ['x509-sha1', 'ripemd-160'],
  sha224: ['sha3-224'],
  sha256: ['x509-sha256', 'sha3-256'],
  sha384: ['sha3-384'],
  sha512: ['sha3-512', 'whirlpool', 'x509-sha512'],
  'file-name': ['process-name'],
  // Apps and services are named like domains, from the last label on, and so are some files (command.com).
  'domain-name': ['app:id', 'process-name', 'file-name'],
};
/** What a text may be that has no form of its own. */
const TEXTS = [
  'file-name',
  'process-name',
  'file-path',
  'command-line',
  'mutex',
  'user-agent',
  'user-account',
  'email-subject',
];

/** What a value is, or why it cannot be looked up. */
export function understand({ value, type, fault }: AskedValue): Understood | LookupFault {
  if (fault !== undefined) return fault;
  if (value.length > VALUE_LENGTH_MAX) {
    const detail = `The value has ${value.length} characters; the limit is ${VALUE_LENGTH_MAX}`;
    return { code: 'value_too_long', detail };
  }
  if (value.trim() === '') return { code: 'invalid_request', detail: 'The value is empty' };
  if (!value.isWellFormed() || value.includes('\0')) {
    return { code: 'invalid_request', detail: 'The value holds NUL or half of a surrogate pair' };
  }
  if (type !== undefined && type !== TEXT_KIND) return { ...typed(type, value), others: [] };
  const found = type === undefined ? recognise(value) : undefined;
  if (found === undefined) {
    const others = TEXTS.map((kind) => typed(kind, value));
    return { kind: TEXT_KIND, value: value.trim(), others };
  }
  const { kind, value: normal, port } = found;
  const others = othersOf({ kind, value: normal });
  return { kind, value: normal, others, ...(port !== undefined && { port }) };
}

function othersOf({ kind, value }: TypedValue): TypedValue[] {
  if (kind === 'url' && !/^[a-z][a-z0-9+.-]*:/i.test(value)) {
    return ['http', 'https'].map((scheme) => typed('url', `${scheme}://${value}`));
  }
  return (ALIKE[kind] ?? []).map((other) => ({ kind: other, value }));
}

/** A value of the kind that somebody says, normalised as patterns with such values are. */
function typed(kind: string, text: string): TypedValue {
  const isHash = hashAlgorithmName(kind) !== kind;
  const ofCertificate = kind.startsWith('x509-') ? kind.slice('x509-'.length) : '';
  const isCertificate = hashAlgorithmName(ofCertificate) !== ofCertificate;
  const path = isHash ? `hash:${kind}` : isCertificate ? `x509-hash:${ofCertificate}` : kind;
  const normal = normalise(path, text);
  return { kind: normal.kind, value: normal.value };
}
