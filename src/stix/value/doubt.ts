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

export const NO_DOUBTS: readonly Doubt[] = [];

/** Soft hyphen, zero-width and bidirectional controls, word joiner, byte order mark. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/;
const INVISIBLES = new RegExp(INVISIBLE, 'g');
const PLAIN = /^[!-~]*$/;
/** In addresses, names and URLs, where none of this means anything else. */
const DEFANGED = /[[({](?:\.|dot|:|:\/\/|@|at)[\])}]|^(?:hxxps?|fxps?)(?=:|\[)|\[\./i;
/** In command lines and names of files, where brackets may be meant. */
const DEFANGED_INSIDE = /\[\.\]|hxxps?(?::|\[:)/i;

/**
 * The text without what hides in it or stands around it, and what that was.
 * @param refang whether to turn `hxxp` and `[.]` back (for addresses, names and URLs)
 */
export function uncover(text: string, refang: boolean): { text: string; doubts: Doubt[] } {
  const doubts: Doubt[] = [];
  const defanged = refang ? DEFANGED : DEFANGED_INSIDE;
  if (PLAIN.test(text) && !defanged.test(text)) return { text, doubts };
  let shown = text;
  const hidden = INVISIBLE.exec(shown);
  if (hidden) {
    const point = hidden[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    doubts.push({
      code: 'invisible_character',
      detail: `holds the invisible character U+${point}`,
    });
    shown = shown.replace(INVISIBLES, '');
  }
  const trimmed = shown.trim();
  if (trimmed.length < shown.length) {
    doubts.push({ code: 'blank_at_end', detail: 'begins or ends with a blank' });
  }
  if (!defanged.test(trimmed)) return { text: trimmed, doubts };
  doubts.push({ code: 'defanged_value', detail: 'is defanged; consumers will not match it' });
  return { text: refang ? refanged(trimmed) : trimmed, doubts };
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
