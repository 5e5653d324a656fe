/** What makes a value of an observable (STIX 2.1 section 6) suspicious. It is kept, and told. */

export interface Doubt {
  readonly code: DoubtCode;
  readonly detail: string;
}

export type DoubtCode =
  | 'defanged_value'
  | 'blank_at_end'
  | 'invisible_character'
  | 'special_purpose_address'
  | 'whole_internet'
  | 'wide_network'
  | 'host_bits_set'
  | 'not_an_address'
  | 'not_a_domain_name'
  | 'no_top_level_domain'
  | 'file_name_as_domain'
  | 'public_suffix'
  | 'address_as_domain'
  | 'not_a_url'
  | 'url_without_scheme'
  | 'not_an_email_address'
  | 'not_a_mac_address'
  | 'not_a_hash'
  | 'hive_abbreviated'
  | 'value_too_long';

/** A value as it is looked up, with its kind, which may turn out another than its path said. */
export interface NormalValue {
  readonly kind: string;
  readonly value: string;
  readonly doubts: readonly Doubt[];
}

/** Longer values are kept, but not looked up. In UTF-16 code units. */
export const VALUE_LENGTH_MAX = 4096;

/**
 * Kinds of values whose form a standard fixes, so that a value of another form cannot be of the kind.
 * Such an object is rejected. Names, URLs and mail addresses are written in too many forms for that.
 */
const FORM_FAULTS: ReadonlySet<DoubtCode> = new Set(['not_an_address', 'not_a_mac_address']);

/** True for a doubt that is an error in an object or pattern that names the kind of value. */
export function isFormFault({ code }: { readonly code: string }): boolean {
  return (FORM_FAULTS as ReadonlySet<string>).has(code);
}

export const NO_DOUBTS: readonly Doubt[] = [];

/** Soft hyphen, zero-width and bidirectional controls, word joiner, byte order mark. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/;
const INVISIBLES = new RegExp(INVISIBLE, 'g');
const PLAIN = /^[!-~]*$/;
/** In addresses and names, where none of this means anything else. */
const DEFANGED = /[[({](?:\.|dot|:|:\/\/|@|at)[\])}]|^(?:hxxps?|fxps?)(?=:|\[)|\[\./i;
/** In URLs, before the query, in which brackets may be meant. */
const DEFANGED_URL =
  /^[^?#]*?[[({](?:\.|dot|:|:\/\/)[\])}]|^(?:hxxps?|fxps?)(?=:|\[)|^[^?#]*?\[\./i;
/** In command lines and names of files, where brackets may be meant. */
const DEFANGED_INSIDE = /\[\.\]|hxxps?(?::|\[:)/i;

/** What a text is read as: only in an address (or name) and in a URL is defanging undone. */
export type Reading = 'address' | 'url' | 'text';
const DEFANGED_BY_READING: Readonly<Record<Reading, RegExp>> = {
  address: DEFANGED,
  url: DEFANGED_URL,
  text: DEFANGED_INSIDE,
};

/**
 * The text without what hides in it or stands around it, and what that was.
 */
export function uncover(text: string, reading: Reading): { text: string; doubts: Doubt[] } {
  const defanged = DEFANGED_BY_READING[reading];
  if (PLAIN.test(text) && !defanged.test(text)) return { text, doubts: [] };
  const { text: shown, doubts } = withoutInvisible(text);
  const trimmed = shown.trim();
  if (trimmed.length < shown.length) {
    doubts.push({ code: 'blank_at_end', detail: 'begins or ends with whitespace' });
  }
  if (!defanged.test(trimmed)) return { text: trimmed, doubts };
  doubts.push({ code: 'defanged_value', detail: 'is defanged; consumers will not match it' });
  if (reading === 'text') return { text: trimmed, doubts };
  if (reading === 'address') return { text: refanged(trimmed), doubts };
  const query = trimmed.search(/[?#]/);
  const end = query < 0 ? trimmed.length : query;
  return { text: refanged(trimmed.slice(0, end)) + trimmed.slice(end), doubts };
}

/** The text without characters that nobody sees, and which was the first of them. */
export function withoutInvisible(text: string): { text: string; doubts: Doubt[] } {
  const hidden = INVISIBLE.exec(text);
  if (!hidden) return { text, doubts: [] };
  const point = hidden[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  const detail = `contains the invisible character U+${point}`;
  return { text: text.replace(INVISIBLES, ''), doubts: [{ code: 'invisible_character', detail }] };
}

function refanged(text: string): string {
  return text
    .replace(/[[({](?:\.|dot)[\])}]/gi, '.')
    .replace(/[[({](:\/\/|:)[\])}]/g, '$1')
    .replace(/[[({](?:@|at)[\])}]/gi, '@')
    .replace(/\[\./g, '.')
    .replace(/^hxxp/i, 'http')
    .replace(/^fxp/i, 'ftp');
}
