/**
 * Cuts a pattern into words: the lexical half of STIX 2.1 section 9, longest match first. One word
 * is held at a time, so that a pattern costs no list of them.
 */
import { PatternFault } from './fault.ts';

/** What a word is. Signs and keywords stand for themselves. */
export type Word =
  | '['
  | ']'
  | '('
  | ')'
  | ':'
  | '.'
  | ','
  | '*'
  | 'operator'
  | 'identifier'
  | 'hyphenated'
  | 'keyword'
  | 'integer'
  | 'float'
  | 'string'
  | 'boolean'
  | 'hex'
  | 'binary'
  | 'timestamp'
  | 'invalid'
  | 'end';

const KEYWORDS: ReadonlySet<string> = new Set([
  'AND',
  'OR',
  'NOT',
  'FOLLOWEDBY',
  'LIKE',
  'MATCHES',
  'ISSUPERSET',
  'ISSUBSET',
  'EXISTS',
  'LAST',
  'IN',
  'START',
  'STOP',
  'SECONDS',
  'WITHIN',
  'REPEATS',
  'TIMES',
]);
const SIGNS: ReadonlyMap<number, Word> = new Map(
  (['[', ']', '(', ')', ':', ',', '*'] as const).map((sign) => [sign.charCodeAt(0), sign]),
);
const BLANK = /[ \t\r\n\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const NUMBER = /[+-]?(?:[0-9]*(\.)[0-9]+|0|[1-9][0-9]*)/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_-]*/y;
const PREFIXED = {
  h: {
    word: 'hex',
    form: /h'(?:[0-9A-Fa-f]{2})*'/y,
    expected: "an even number of hexadecimal digits, as in h'ffd8',",
  },
  b: {
    word: 'binary',
    form: /b'(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)'/y,
    expected: "base64, as in b'AAEC',",
  },
  t: {
    word: 'timestamp',
    form: /t'[0-9]{4}-(?:0[1-9]|1[012])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z'/y,
    expected: "a timestamp, as in t'2024-01-31T12:00:00Z',",
  },
} as const;

export class Scanner {
  readonly text: string;
  /** The present word, where it begins and ends, and what it says. */
  word: Word = 'end';
  start = 0;
  end = 0;
  value = '';

  constructor(text: string) {
    this.text = text;
    this.next();
  }

  /** Goes on to the next word. */
  next(): void {
    const { text } = this;
    const start = this.skipBlanks(this.end);
    this.start = start;
    this.value = '';
    if (start >= text.length) {
      this.word = 'end';
      this.end = start;
      return;
    }
    const char = text.charCodeAt(start);
    const sign = SIGNS.get(char);
    if (sign !== undefined) this.take(sign, start + 1);
    else if (char === 39) this.scanString();
    else if (isLetter(char)) this.scanName();
    else if (char === 60 || char === 61 || char === 62 || char === 33) this.scanOperator();
    else this.scanNumber(char);
  }

  /** Where the next backslash stands: without this, every string would look through all the rest. */
  private escapeAt = -1;

  private take(word: Word, end: number): void {
    this.word = word;
    this.end = end;
  }

  private skipBlanks(from: number): number {
    const { text } = this;
    let at = from;
    for (;;) {
      const char = text.charCodeAt(at);
      if (char === 32 || (char < 33 && BLANK.test(text[at] ?? ''))) at += 1;
      else if (char === 47) {
        const end = this.endOfComment(at);
        if (end === at) return at;
        at = end;
      } else if (char > 126 && BLANK.test(text[at] ?? '')) at += 1;
      else return at;
    }
  }

  /** The place after a comment that begins here, or the same place when none does. */
  private endOfComment(at: number): number {
    const { text } = this;
    if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2);
      return close < 0 ? at : close + 2;
    }
    if (!text.startsWith('//', at)) return at;
    let end = at;
    while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end += 1;
    return end;
  }

  private scanString(): void {
    const { text, start } = this;
    const close = text.indexOf("'", start + 1);
    if (this.escapeAt < start) {
      const escape = text.indexOf('\\', start + 1);
      this.escapeAt = escape < 0 ? text.length : escape;
    }
    if (close >= 0 && this.escapeAt > close) {
      this.value = text.slice(start + 1, close);
      this.take('string', close + 1);
    } else {
      this.scanEscapedString();
    }
  }

  private scanEscapedString(): void {
    const { text, start } = this;
    let value = '';
    let from = start + 1;
    for (let at = from; at < text.length; at += 1) {
      const char = text.charCodeAt(at);
      if (char === 39) {
        this.value = value + text.slice(from, at);
        this.take('string', at + 1);
        return;
      }
      if (char !== 92) continue;
      const escaped = text[at + 1];
      if (escaped !== "'" && escaped !== '\\') {
        throw new PatternFault(
          'pattern_syntax',
          text,
          at,
          "expected \\' or \\\\ after a backslash",
        );
      }
      value += text.slice(from, at);
      from = at + 1;
      at += 1;
    }
    throw new PatternFault('pattern_syntax', text, start, 'a string is not closed, it begins');
  }

  private scanName(): void {
    const { text, start } = this;
    if (text.charCodeAt(start + 1) === 39 && this.scanPrefixed(text[start] ?? '')) return;
    IDENTIFIER.lastIndex = start;
    IDENTIFIER.test(text);
    const end = IDENTIFIER.lastIndex;
    const name = text.slice(start, end);
    this.value = name;
    this.take(wordOfName(name), end);
  }

  /** h'ffd8', b'AAEC', t'2024-01-31T00:00:00Z'. */
  private scanPrefixed(prefix: string): boolean {
    const { text, start } = this;
    if (prefix !== 'h' && prefix !== 'b' && prefix !== 't') return false;
    const { word, form, expected } = PREFIXED[prefix];
    form.lastIndex = start;
    if (!form.test(text)) {
      throw new PatternFault('pattern_syntax', text, start, `expected ${expected}`);
    }
    this.value = text.slice(start + 2, form.lastIndex - 1);
    this.take(word, form.lastIndex);
    return true;
  }

  private scanOperator(): void {
    const { text, start } = this;
    const two = text.slice(start, start + 2);
    if (two === '==' || two === '!=' || two === '<>' || two === '<=' || two === '>=') {
      this.value = two;
      this.take('operator', start + 2);
    } else {
      this.value = two.slice(0, 1);
      this.take(this.value === '!' ? 'invalid' : 'operator', start + 1);
    }
  }

  private scanNumber(char: number): void {
    const { text, start } = this;
    NUMBER.lastIndex = start;
    const number = NUMBER.exec(text);
    if (number) {
      this.value = number[0];
      this.take(number[1] === undefined ? 'integer' : 'float', NUMBER.lastIndex);
    } else {
      this.take(char === 46 ? '.' : 'invalid', start + 1);
    }
  }
}

function isLetter(char: number): boolean {
  return (char >= 97 && char <= 122) || (char >= 65 && char <= 90) || char === 95;
}

function wordOfName(name: string): Word {
  const first = name.charCodeAt(0);
  if (first >= 65 && first <= 90 && KEYWORDS.has(name)) return 'keyword';
  if (name === 'true' || name === 'false') return 'boolean';
  return name.includes('-') ? 'hyphenated' : 'identifier';
}
