/**
 * The slow, exact reading of a JSON text: finds the first fault with its place. It runs only over
 * texts that JSON.parse refused or that a cheap look found suspicious. RFC 8259, RFC 7493.
 */
import { JSON_DEPTH_MAX, JsonFault, jsonPath } from './fault.ts';
import type { JsonFaultCode } from './fault.ts';
import type { Origin } from './origin.ts';
import { isRepresentable } from './number.ts';
import { drained, type Steps } from '../steps.ts';

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const QUOTE = 34;
const BACKSLASH = 92;
const HEX4 = /[0-9a-fA-F]{4}/y;
const LITERALS = ['true', 'false', 'null'];

const XML = /^\s{0,1000}<(?:\?xml|!--|!DOCTYPE|[A-Za-z])/;
/** The detail for STIX 1.x. */
export const XML_REFUSAL =
  'this is XML, not JSON; STIX 1.x is not supported: convert it to STIX 2.1 first, for example with stix2-elevator of OASIS';

/** The first fault of the text, or undefined when there is none. Linear in its length. */
export function findFault(text: string): JsonFault | undefined {
  return faultWithin(text, { lines: 0, characters: 0 });
}

/** A fault and the place of the character at which it shows. */
export interface FaultSpot {
  readonly code: JsonFaultCode;
  readonly path: string;
  readonly problem: string;
  readonly at: number;
}

/** Where the text has its first fault. */
export function findSpot(text: string): FaultSpot | undefined {
  return spotOf(() => new ExactReader(text).read());
}

/**
 * Where an element of the list `objects` has its first fault. The text begins with the element, and
 * ends with the character behind it, if there is one.
 */
export function findSpotInElement(text: string, index: number): FaultSpot | undefined {
  return spotOf(() => new ExactReader(text, ['objects']).readElement(index));
}

const KEY_SHOWN = 100;

function short(key: string): string {
  return key.length > KEY_SHOWN ? `${key.slice(0, KEY_SHOWN).toWellFormed()}…` : key;
}

function spotOf(read: () => void): FaultSpot | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof Found) return error.spot;
    throw error;
  }
}

class Found extends Error {
  readonly spot: FaultSpot;

  constructor(spot: FaultSpot) {
    super(spot.problem);
    this.spot = spot;
  }
}

const LINES = 10_000;

/** The same fault, with its line and column counted from the beginning of what the text is a part of. */
export function faultWithin(text: string, origin: Origin): JsonFault | undefined {
  if (XML.test(text)) return new JsonFault('stix1_xml', '$', XML_REFUSAL);
  const spot = findSpot(text);
  return spot && drained(faultAt(text, spot, origin));
}

/** The fault with line and column; counting the lines of a large text takes several steps. */
export function* faultAt(
  text: string,
  { code, path, problem, at }: FaultSpot,
  { lines, characters }: Origin = { lines: 0, characters: 0 },
): Steps<JsonFault> {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line += 1;
    start = end + 1;
    if (line % LINES === 0) yield undefined;
  }
  const column = at - start + 1 + (line === 1 ? characters : 0);
  return new JsonFault(code, path, `line ${line + lines}, column ${column}: ${problem}`);
}

class ExactReader {
  private readonly text: string;
  private at = 0;
  private readonly path: (string | number)[];

  constructor(text: string, path: (string | number)[] = []) {
    this.text = text;
    this.path = path;
  }

  read(): void {
    this.value();
    this.blanks();
    if (this.at < this.text.length) throw this.syntax('expected the end of the text');
  }

  /** As `list` does, for one element and what is behind it. */
  readElement(index: number): void {
    if (index > 0) this.refuseTrailingComma(']');
    this.path.push(index);
    this.value();
    this.path.pop();
    if (!this.takes(']') && !this.takes(',')) throw this.syntax("expected ',' or ']'");
  }

  private value(): void {
    this.blanks();
    const char = this.text[this.at];
    if (char === '{') this.object();
    else if (char === '[') this.list();
    else if (char === '"') this.string();
    else if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) this.number();
    else this.literal();
  }

  private object(): void {
    this.enter();
    const keys = new Set<string>();
    if (this.takes('}')) return;
    for (;;) {
      this.blanks();
      if (this.text[this.at] !== '"') throw this.syntax('expected a property name in quotes');
      this.member(keys);
      if (this.takes('}')) return;
      if (!this.takes(',')) throw this.syntax("expected ',' or '}'");
      this.refuseTrailingComma('}');
    }
  }

  private member(keys: Set<string>): void {
    const key = this.string();
    this.path.push(key);
    if (key === '__proto__' || (key === 'prototype' && this.path.at(-2) === 'constructor')) {
      throw this.fault('forbidden_key', `the key '${key}' is not allowed here`);
    }
    if (keys.has(key)) throw this.fault('duplicate_key', `the key '${short(key)}' is given twice`);
    keys.add(key);
    if (!this.takes(':')) throw this.syntax("expected ':' after the property name");
    this.value();
    this.path.pop();
  }

  private list(): void {
    this.enter();
    if (this.takes(']')) return;
    for (let index = 0; ; index += 1) {
      this.path.push(index);
      this.value();
      this.path.pop();
      if (this.takes(']')) return;
      if (!this.takes(',')) throw this.syntax("expected ',' or ']'");
      this.refuseTrailingComma(']');
    }
  }

  private enter(): void {
    this.at += 1;
    if (this.path.length >= JSON_DEPTH_MAX) {
      throw this.fault('too_deep', `nested deeper than ${JSON_DEPTH_MAX}`);
    }
  }

  private refuseTrailingComma(close: string): void {
    this.blanks();
    if (this.text[this.at] === close) throw this.syntax(`a comma before '${close}'`);
  }

  private string(): string {
    const start = this.at;
    const isEscaped = this.endString();
    const inside = this.text.slice(start + 1, this.at - 1);
    const value = isEscaped ? (JSON.parse(`"${inside}"`) as string) : inside;
    if (value.includes('\0')) throw this.fault('nul_character', 'contains the character U+0000');
    if (!value.isWellFormed())
      throw this.fault('lone_surrogate', 'contains half of a surrogate pair');
    return value;
  }

  /** Goes past the closing quote; true when there were escapes on the way. */
  private endString(): boolean {
    let isEscaped = false;
    this.at += 1;
    for (;;) {
      const char = this.text.charCodeAt(this.at);
      if (char === QUOTE) break;
      if (char === BACKSLASH) {
        isEscaped = true;
        this.escape();
      } else if (char >= 32) this.at += 1;
      else {
        const isEnd = this.at >= this.text.length;
        throw this.syntax(isEnd ? 'a string is not closed' : 'a bare control character');
      }
      if (this.at >= this.text.length) throw this.syntax('a string is not closed');
    }
    this.at += 1;
    return isEscaped;
  }

  private escape(): void {
    const kind = this.text[this.at + 1] ?? '';
    if (kind === 'u') {
      this.at += 2;
      if (this.match(HEX4) === '') throw this.syntax('expected four hexadecimal digits');
    } else if (kind !== '' && '"\\/bfnrt'.includes(kind)) {
      this.at += 2;
    } else {
      throw this.syntax(`'\\${kind}' is not an escape`);
    }
  }

  private number(): void {
    const start = this.at;
    const source = this.match(NUMBER);
    if (source === '') throw this.syntax('expected a digit');
    if (isRepresentable(source)) return;
    this.at = start;
    const shown = source.length > 40 ? `${source.slice(0, 40)}…` : source;
    throw this.fault('number_not_representable', `${shown} does not fit a double exactly`);
  }

  private literal(): void {
    const found = LITERALS.find((word) => this.text.startsWith(word, this.at));
    if (found === undefined) throw this.syntax('expected a value');
    this.at += found.length;
  }

  private takes(char: string): boolean {
    this.blanks();
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  private blanks(): void {
    for (;;) {
      const char = this.text.charCodeAt(this.at);
      if (char !== 32 && char !== 10 && char !== 13 && char !== 9) return;
      this.at += 1;
    }
  }

  private match(expression: RegExp): string {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private syntax(problem: string): Found {
    const found = this.text[this.at];
    const shown =
      found === undefined ? 'the end of the text' : JSON.stringify(found.toWellFormed());
    return this.fault('invalid_json', `${problem}, found ${shown}`);
  }

  private fault(code: JsonFaultCode, problem: string): Found {
    return new Found({ code, path: jsonPath(this.path), problem, at: this.at });
  }
}
