/**
 * JSON as STIX needs it: RFC 8259 within the limits of RFC 7493 (I-JSON). What JSON.parse would
 * silently change (a number, a repeated key) or let through to do harm later (a NUL character, which
 * PostgreSQL cannot store, `__proto__`) is refused with its place.
 */
import { findFault } from './exact.ts';
import { JSON_DEPTH_MAX, JsonFault, jsonPath } from './fault.ts';
import { Survey } from './survey.ts';

const BYTE_ORDER_MARK = 0xfeff;

/** A text that holds more values than this is not built, where it comes from outside. */
export const JSON_VALUES_MAX = 50_000;
/** Where values are this long, as references are, they take no more memory than their text. */
const CHARACTERS_OF_VALUE = 40;

/** How many values a text of so many characters may hold. */
export function valuesMaxOf(characters: number): number {
  return Math.max(JSON_VALUES_MAX, Math.floor(characters / CHARACTERS_OF_VALUE));
}

/**
 * Reads a JSON text (a byte order mark in front is ignored).
 * @throws JsonFault with the first fault in the order of the text, or because it has more values than
 * `valuesMax`
 */
export function parseJson(text: string, valuesMax = Number.POSITIVE_INFINITY): unknown {
  const body = withoutMark(text);
  const survey = new Survey(body).toEnd();
  if (survey.values > valuesMax) throw tooManyValues(valuesMax);
  return parseSurveyed(body, survey);
}

/** The text without a byte order mark. */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** A text was not read, since it holds too many values. */
export function tooManyValues(valuesMax: number): JsonFault {
  const detail = `The lists and objects contain more than ${valuesMax} values; split the document or object`;
  return new JsonFault('too_many_values', '$', detail, valuesMax);
}

function parseSurveyed(body: string, { colons, isDoubtful }: Survey): unknown {
  const isPlain = !isDoubtful && hasPlainCharacters(body);
  if (!isPlain) refuseFault(body);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    refuseFault(body);
    throw new JsonFault('invalid_json', '$', 'not valid JSON');
  }
  // Fewer members than colons: JSON.parse dropped one that was given twice.
  if (isPlain && countMembers(value) !== colons) refuseFault(body);
  return value;
}

/**
 * The values of a list whose elements are surveyed text, or undefined where one of them needs a
 * closer look. A list is read faster than its elements one by one.
 */
export function parsePlainList(elements: string, colons: number): unknown[] | undefined {
  if (!hasPlainCharacters(elements)) return undefined;
  try {
    const values = JSON.parse(`[${elements}]`) as unknown[];
    return countMembers(values) === colons ? values : undefined;
  } catch {
    return undefined;
  }
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
    throw new JsonFault('nul_character', jsonPath(path), 'contains the character U+0000');
  }
  if (!text.isWellFormed()) {
    throw new JsonFault('lone_surrogate', jsonPath(path), 'contains half of a surrogate pair');
  }
}
