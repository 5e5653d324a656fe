/** The values in a longer text, such as a mail, a ticket or a report. */
import { VALUE_LENGTH_MAX } from './doubt.ts';
import { recognise, type Recognised } from './recognise.ts';

/** A value within a longer text. */
export interface Found extends Recognised {
  /** As it is written there. */
  readonly text: string;
  /** Where it begins, in UTF-16 code units. */
  readonly index: number;
}

/** What stands between values. A path with blanks in it is found up to the first one. */
const WORD = /[^\s<>"'`|;,]+/g;
/** What may stand before a word of prose without being part of it. */
const BEFORE = /^[([{*_]{1,8}(?![.:@]|dot\b)/i;
const PUNCTUATION = /[.:!?*_]/;
const OPENING = /[([{]/g;
const CLOSING = /[)\]}]/g;

/**
 * Every value of the text, in order and each time it occurs. Of names, only those that end in a known
 * top-level domain count, or were defanged: prose is full of words with dots in them.
 * Takes time in proportion to the length of the text.
 */
export function* findValues(text: string): Generator<Found, void> {
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (word.length > VALUE_LENGTH_MAX) continue;
    const before = BEFORE.exec(word)?.[0].length ?? 0;
    const inner = trimmedAtEnd(word.slice(before));
    const found = recognise(inner);
    if (found !== undefined && !isUncertain(found)) {
      yield { ...found, text: inner, index: index + before };
      continue;
    }
    // An IPv6 address in brackets, before its port.
    const whole = word.startsWith('[') ? trimmedAtEnd(word) : '';
    const endpoint = recognise(whole);
    if (endpoint?.port !== undefined) yield { ...endpoint, text: whole, index };
  }
}

/** Without what ends a sentence; a bracket that the word opened itself belongs to it. */
function trimmedAtEnd(word: string): string {
  let unopened = count(word, CLOSING) - count(word, OPENING);
  let end = word.length;
  for (; end > 0; end--) {
    const last = word.charAt(end - 1);
    if (PUNCTUATION.test(last)) continue;
    if (unopened <= 0 || !/[)\]}]/.test(last)) break;
    unopened--;
  }
  return word.slice(0, end);
}

function count(word: string, bracket: RegExp): number {
  return word.match(bracket)?.length ?? 0;
}

function isUncertain({ kind, doubts }: Recognised): boolean {
  const unlisted = doubts.some(({ code }) => code === 'no_top_level_domain');
  const defanged = doubts.some(({ code }) => code === 'defanged_value');
  return unlisted && !defanged && (kind === 'domain-name' || kind === 'url');
}
