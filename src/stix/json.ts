/**
 * JSON as STIX needs it: RFC 8259 within the limits of RFC 7493 (I-JSON). What JSON.parse would
 * silently change (a number, a repeated key) or let through to do harm later (a NUL character, which
 * PostgreSQL cannot store, `__proto__`) is refused with its place.
 */
import { findFault } from './json-exact.ts';
import { JSON_DEPTH_MAX, JsonFault, jsonPath } from './json-fault.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const BYTE_ORDER_MARK = 0xfeff;
/** A decimal of this many digits always survives the trip through a double. */
const SAFE_NUMBER_LENGTH = 15;
/**
 * Escapes that may hide something: NUL, the letters of a forbidden key, half of a surrogate pair,
 * and an escaped backslash in front of what only looks like a surrogate.
 */
const SUSPICIOUS_ESCAPE =
  /\\u00(?:00|5[fF]|[67])|\\\\u[dD]|\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]/;

/**
 * Reads a JSON text (a byte order mark in front is ignored).
 * @throws JsonFault with the first fault in the order of the text.
 */
export function parseJson(text: string): unknown {
  const body = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  const members = harmlessMembers(body);
  if (members === undefined) refuseFault(body);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    refuseFault(body);
    throw new JsonFault('invalid_json', '$', 'not valid JSON');
  }
  // Of a key given twice only one member is left.
  if (members !== undefined && countMembers(value) !== members) refuseFault(body);
  return value;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) members += countMembers(value[index]);
    return members;
  }
  for (const key in value) {
    members += 1;
    const member: unknown = (value as Record<string, unknown>)[key];
    if (typeof member === 'object') members += countMembers(member);
  }
  return members;
}

function refuseFault(text: string): void {
  const fault = findFault(text);
  if (fault) throw fault;
}

/**
 * How many members its objects have, when no fault but bad syntax or a key given twice is
 * possible; else undefined. Linear, and much cheaper than reading exactly: strings are skipped,
 * escapes such as `\u0000` are only noticed.
 */
function harmlessMembers(text: string): number | undefined {
  if (text.includes('__proto__') || text.includes('"constructor"')) return undefined;
  if (text.includes('\\u') && SUSPICIOUS_ESCAPE.test(text)) return undefined;
  return text.isWellFormed() ? plainMembers(text) : undefined;
}

function plainMembers(text: string): number | undefined {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return undefined;
    } else if (char === COLON) {
      members += 1;
    } else if (char === 123 || char === 91) {
      depth += 1;
      if (depth > JSON_DEPTH_MAX) return undefined;
    } else if (char === 125 || char === 93) {
      depth -= 1;
    } else if (char >= 48 && char <= 57) {
      const end = endOfPlainNumber(text, at);
      if (end < 0) return undefined;
      at = end;
    }
  }
  return members;
}

function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at > 0 && text.charCodeAt(at - 1) === BACKSLASH) {
    let slashes = 1;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return at;
}

function endOfPlainNumber(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 69 || char === 101) return -1;
    if (char !== 46 && (char < 48 || char > 57)) break;
  }
  return at - start > SAFE_NUMBER_LENGTH ? -1 : at - 1;
}

/**
 * Checks a value that somebody else parsed: depth, keys, characters. What the text's numbers and
 * repeated keys were can no longer be seen, except numbers that are not finite.
 * @throws JsonFault with the first fault met.
 */
export function inspectJson(value: unknown): void {
  inspect(value, []);
}

function inspect(value: unknown, path: (string | number)[]): void {
  if (typeof value === 'string') inspectText(value, path);
  else if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new JsonFault('number_not_representable', jsonPath(path), 'not a finite number');
  } else if (typeof value === 'object' && value !== null) {
    if (path.length >= JSON_DEPTH_MAX) {
      throw new JsonFault('too_deep', jsonPath(path), `nested deeper than ${JSON_DEPTH_MAX}`);
    }
    if (Array.isArray(value)) inspectList(value, path);
    else inspectMembers(value, path);
  }
}

function inspectList(list: readonly unknown[], path: (string | number)[]): void {
  for (let index = 0; index < list.length; index += 1) {
    path.push(index);
    inspect(list[index], path);
    path.pop();
  }
}

function inspectMembers(object: object, path: (string | number)[]): void {
  if (Object.hasOwn(object, '__proto__')) {
    throw new JsonFault('forbidden_key', jsonPath(path), "the key '__proto__' is not allowed");
  }
  for (const [key, member] of Object.entries(object)) {
    path.push(key);
    inspectText(key, path);
    if (key === 'prototype' && path.at(-2) === 'constructor') {
      throw new JsonFault(
        'forbidden_key',
        jsonPath(path),
        "'constructor.prototype' is not allowed",
      );
    }
    inspect(member, path);
    path.pop();
  }
}

function inspectText(text: string, path: readonly (string | number)[]): void {
  if (text.includes('\0')) {
    throw new JsonFault('nul_character', jsonPath(path), 'holds the character U+0000');
  }
  if (!text.isWellFormed()) {
    throw new JsonFault('lone_surrogate', jsonPath(path), 'holds half of a surrogate pair');
  }
}
