/**
 * JSON as STIX needs it: RFC 8259 within the limits of RFC 7493 (I-JSON). What JSON.parse would
 * silently change (a number, a repeated key) or let through to do harm later (a NUL character, which
 * PostgreSQL cannot store, `__proto__`) is refused with its place.
 */
import { findFault } from './json-exact.ts';
import { JSON_DEPTH_MAX, JsonFault, jsonPath } from './json-fault.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const BYTE_ORDER_MARK = 0xfeff;
/** A decimal of this many digits always survives the trip through a double. */
const SAFE_NUMBER_LENGTH = 15;
const NEWLINE = 10;
const BLANK = 32;
const [COLON, OPEN, CLOSE, DIGIT] = [1, 2, 3, 4];
/** What other characters mean outside of strings; nothing where the look has no use for them. */
const SIGNS = new Uint8Array(128);
SIGNS[58] = COLON;
for (const char of '{[') SIGNS[char.charCodeAt(0)] = OPEN;
for (const char of '}]') SIGNS[char.charCodeAt(0)] = CLOSE;
SIGNS.fill(DIGIT, 48, 58);

/**
 * Reads a JSON text (a byte order mark in front is ignored).
 * @throws JsonFault with the first fault in the order of the text.
 */
export function parseJson(text: string): unknown {
  const body = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  const colons = hasPlainCharacters(body) ? countColons(body) : -1;
  if (colons < 0) refuseFault(body);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    refuseFault(body);
    throw new JsonFault('invalid_json', '$', 'not valid JSON');
  }
  // Fewer members than colons: JSON.parse dropped one that was given twice.
  if (colons >= 0 && countMembers(value) !== colons) refuseFault(body);
  return value;
}

function refuseFault(text: string): void {
  const fault = findFault(text);
  if (fault) throw fault;
}

/** No NUL and no half of a surrogate pair, bare or escaped. It may say no where in doubt. */
function hasPlainCharacters(text: string): boolean {
  if (!text.isWellFormed()) return false;
  let at = text.indexOf('\\u');
  while (at >= 0) {
    const code = Number.parseInt(text.slice(at + 2, at + 6), 16);
    if (code === 0) return false;
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (isSurrogate && !isPairAt(text, at)) return false;
    at = text.indexOf('\\u', at + (isSurrogate ? 12 : 2));
  }
  return true;
}

const PAIR = /[^\\]\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/y;

/** An escaped pair; not one whose first backslash may itself be escaped. */
function isPairAt(text: string, at: number): boolean {
  PAIR.lastIndex = at - 1;
  return PAIR.test(text);
}

/**
 * A look at the text's structure, several times cheaper than reading it exactly.
 * @returns how many members its objects have, or -1 where depth or a number needs a closer look
 */
function countColons(text: string): number {
  let depth = 0;
  let colons = 0;
  let at = 0;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = afterString(text, at);
    else if (char === NEWLINE) at = afterIndent(text, at);
    else {
      const sign = SIGNS[char];
      if (sign === DIGIT) at = lastOfPlainNumber(text, at);
      else if (sign === COLON) colons += 1;
      else if (sign === OPEN) depth += 1;
      else if (sign === CLOSE) depth -= 1;
      if (depth > JSON_DEPTH_MAX || at < 0) return -1;
      at += 1;
    }
  }
  return colons;
}

/** Past the closing quote; past the end of the text where there is none. */
function afterString(text: string, start: number): number {
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
function afterIndent(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) === BLANK) at += 1;
  return at;
}

/** The last digit of a number that no double can spoil, or -1. */
function lastOfPlainNumber(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 69 || char === 101) return -1;
    if (char !== 46 && (char < 48 || char > 57)) break;
  }
  return at - start > SAFE_NUMBER_LENGTH ? -1 : at - 1;
}

/** The members of all objects in the value; NaN, which equals nothing, where a key is forbidden. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) members += countMembers(value[index]);
    return members;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) {
    if (key === '__proto__' || key === 'prototype') return Number.NaN;
    members += 1;
    const member = object[key];
    if (typeof member === 'object' && member !== null) members += countMembers(member);
  }
  return members;
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
