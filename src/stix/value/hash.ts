/** Hash values: STIX 2.1 sections 2.7 and 10.7. */

interface HashForm {
  /** The name in the vocabulary, where it has one. */
  readonly name: string;
  readonly hexDigits?: number;
  readonly form?: RegExp;
}

const SSDEEP = /^[A-Za-z0-9/+:.]{1,150}$/;
const TLSH = /^(?:[tT]1)?[0-9a-fA-F]{70}$/;
const HEXADECIMAL = /^[0-9a-fA-F]+$/;

/** By the algorithm's name in lower case without hyphens and underscores. */
const FORMS: ReadonlyMap<string, HashForm> = new Map<string, HashForm>([
  ['md5', { name: 'MD5', hexDigits: 32 }],
  ['sha1', { name: 'SHA-1', hexDigits: 40 }],
  ['sha224', { name: 'SHA-224', hexDigits: 56 }],
  ['sha256', { name: 'SHA-256', hexDigits: 64 }],
  ['sha384', { name: 'SHA-384', hexDigits: 96 }],
  ['sha512', { name: 'SHA-512', hexDigits: 128 }],
  ['sha3224', { name: 'SHA3-224', hexDigits: 56 }],
  ['sha3256', { name: 'SHA3-256', hexDigits: 64 }],
  ['sha3384', { name: 'SHA3-384', hexDigits: 96 }],
  ['sha3512', { name: 'SHA3-512', hexDigits: 128 }],
  ['ripemd160', { name: 'RIPEMD-160', hexDigits: 40 }],
  ['whirlpool', { name: 'WHIRLPOOL', hexDigits: 128 }],
  ['ssdeep', { name: 'SSDEEP', form: SSDEEP }],
  ['tlsh', { name: 'TLSH', form: TLSH }],
]);

/** The usual spellings are found as they are. */
const FORMS_BY_NAME: ReadonlyMap<string, HashForm> = new Map(
  [...FORMS].flatMap(([key, form]) => [
    [key, form],
    [form.name, form],
    [form.name.toLowerCase(), form],
  ]),
);

/** No algorithm's name is longer, however it is spelt. */
const NAME_LENGTH_MAX = 64;

function formOf(algorithm: string): HashForm | undefined {
  if (algorithm.length > NAME_LENGTH_MAX) return undefined;
  const form = FORMS_BY_NAME.get(algorithm);
  return form ?? FORMS.get(algorithm.toLowerCase().replaceAll('-', '').replaceAll('_', ''));
}

/** The algorithm's name as the vocabulary spells it; unknown ones as given. */
export function hashAlgorithmName(algorithm: string): string {
  return formOf(algorithm)?.name ?? algorithm;
}

/** False when the value cannot be of this algorithm; values of unknown algorithms pass. */
export function isKnownHashForm(algorithm: string, value: string): boolean {
  const form = formOf(algorithm);
  if (!form) return true;
  if (form.form) return form.form.test(value);
  return value.length === form.hexDigits && HEXADECIMAL.test(value);
}

/**
 * The kind of observable a hash is (`md5`, `sha256`, `sha3-256`, `ssdeep` …) and its value as looked
 * up: hexadecimal digits in lower case.
 */
export function normalHash(algorithm: string, value: string): { kind: string; value: string } {
  const name = hashAlgorithmName(algorithm).toLowerCase();
  const kind = name.startsWith('sha-') ? `sha${name.slice(4)}` : name;
  if (kind === 'ssdeep') return { kind, value };
  const lower = value.toLowerCase();
  return { kind, value: kind === 'tlsh' && lower.length === 72 ? lower.slice(2) : lower };
}
