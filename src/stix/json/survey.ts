/**
 * A look at the structure of a JSON text, several times cheaper than reading it: it counts what the
 * text holds before any of it is built, and finds where the elements of a list end.
 */
import { JSON_DEPTH_MAX } from './fault.ts';

const QUOTE = 34;
const BACKSLASH = 92;
/** A decimal of this many digits always survives the trip through a double. */
const SAFE_NUMBER_LENGTH = 15;
const NEWLINE = 10;
const BLANK = 32;
const [COLON, OPEN, CLOSE, DIGIT, COMMA] = [1, 2, 3, 4, 5];
/** What other characters mean outside of strings; nothing where the look has no use for them. */
const SIGNS = new Uint8Array(128);
SIGNS[58] = COLON;
SIGNS[44] = COMMA;
for (const char of '{[') SIGNS[char.charCodeAt(0)] = OPEN;
for (const char of '}]') SIGNS[char.charCodeAt(0)] = CLOSE;
SIGNS.fill(DIGIT, 48, 58);

/** Goes over a text from `at`, in as many goes as its user likes. */
export class Survey {
  readonly text: string;
  at: number;
  /** Members of objects. */
  colons = 0;
  /** Values in lists and objects, near enough: lists and objects that are empty count for one more. */
  values = 0;
  /** Whether depth or a number needs an exact look. */
  isDoubtful = false;
  private depth = 0;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** Goes over all of the text. */
  toEnd(): this {
    while (this.at < this.text.length) {
      if (!this.advance(this.text.length)) break;
      // A comma or bracket of the outermost level, of which valid JSON has none.
      this.at += 1;
    }
    return this;
  }

  /** Forgets what was counted, for the next element. */
  restart(at: number): void {
    this.at = at;
    this.colons = 0;
    this.values = 0;
    this.isDoubtful = false;
    this.depth = 0;
  }

  /**
   * Continues at least to `until`, unless a comma or closing bracket of the level at which it began
   * comes before. There it stops, and says true.
   */
  advance(until: number): boolean {
    const { text } = this;
    let { at, colons, values, depth } = this;
    let hasEnded = false;
    for (; at < until; at += 1) {
      const char = text.charCodeAt(at);
      if (char === QUOTE) at = afterString(text, at) - 1;
      else if (char === NEWLINE) at = lastOfIndent(text, at);
      else {
        const sign = SIGNS[char];
        if (sign === DIGIT) at = this.lastOfNumber(at);
        else if (sign === COLON) colons += 1;
        else if (sign === OPEN) {
          depth += 1;
          values += 1;
          if (depth > JSON_DEPTH_MAX) this.isDoubtful = true;
        } else if (sign === COMMA || sign === CLOSE) {
          hasEnded = depth === 0;
          if (hasEnded) break;
          if (sign === COMMA) values += 1;
          else depth -= 1;
        }
      }
    }
    this.at = at;
    this.colons = colons;
    this.values = values;
    this.depth = depth;
    return hasEnded;
  }

  /** The last digit of a number, which is doubtful when a double may spoil it. */
  private lastOfNumber(start: number): number {
    const { text } = this;
    let at = start + 1;
    for (; at < text.length; at += 1) {
      const char = text.charCodeAt(at);
      if (char === 69 || char === 101) this.isDoubtful = true;
      if (char !== 46 && (char < 48 || char > 57)) break;
    }
    if (at - start > SAFE_NUMBER_LENGTH) this.isDoubtful = true;
    return at - 1;
  }
}

/** Past the closing quote of the string begun at `start`; past the end of the text where it has none. */
export function afterString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at > 0 && text.charCodeAt(at - 1) === BACKSLASH) {
    let slashes = 1;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) break;
    at = text.indexOf('"', at + 1);
  }
  return at < 0 ? text.length : at + 1;
}

/** Most of a text that was written for people is this. */
function lastOfIndent(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) === BLANK) at += 1;
  return at - 1;
}
