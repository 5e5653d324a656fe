/** The common data types as zod schemas: STIX 2.1 section 2. */
import { z } from 'zod';
import { isIdentifier, isTypeName, typeOfIdentifier } from '../identifier.ts';
import { isTimestamp } from '../timestamp.ts';
import { isCharacterSet } from '../value/character-set.ts';
import { isKnownHashForm } from '../value/hash.ts';
import type { Rule } from './rule.ts';
import { breach } from './rule.ts';

const DICTIONARY_KEY = /^[A-Za-z0-9_-]{1,250}$/;
const NO_HEXADECIMAL = /[^0-9a-fA-F]/;
const NO_BASE64 = /[^A-Za-z0-9+/]/;
/** A language has at least two letters; `x` and `i` only begin a tag of several parts. */
const LANGUAGE = /^(?:[A-Za-z]{2,8}|[xiXI](?=-))(?:-[A-Za-z0-9]{1,8})*$/;

const section = (number: string): string => `STIX 2.1 section ${number}`;
const rule = (code: string, detail: string, number: string): Rule => ({
  code,
  detail,
  clause: section(number),
});

const NOT_A_TIMESTAMP = rule(
  'invalid_timestamp',
  'expected a time in UTC such as 2024-02-29T12:30:45.123Z',
  '2.16',
);
/** The form of a timestamp, whatever day and time it names. */
const TIMESTAMP_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const NO_SUCH_TIME = rule(
  'invalid_timestamp',
  'no such day in the calendar, or no such time of day',
  '2.16',
);
const NOT_AN_ID = rule('invalid_id', 'expected an identifier: <type>--<UUID of RFC 4122>', '2.9');
const ID_IN_CAPITALS = rule('invalid_id', 'write the identifier in lower case', '2.9');
const LEVEL_AS_ID = rule(
  'invalid_id',
  'expected the identifier of a marking, not a TLP level. The identifiers of the five levels are in docs/sharing.md#markings',
  '2.9',
);
const LEVEL = /^tlp\b/i;
const EMPTY_LIST = rule('empty_list', 'a list must not be empty; leave the property out', '2.12');

/** 2.16: RFC 3339 in UTC, a day of the calendar. */
export const timestamp = z.string().check((given) => {
  if (isTimestamp(given.value)) return;
  breach(given, TIMESTAMP_FORM.test(given.value) ? NO_SUCH_TIME : NOT_A_TIMESTAMP);
});

/** 2.9. */
export const identifier = z.string().check((given) => {
  if (!isIdentifier(given.value)) breach(given, whyNoIdentifier(given.value));
});

function whyNoIdentifier(text: string): Rule {
  if (LEVEL.test(text)) return LEVEL_AS_ID;
  return isIdentifier(text.toLowerCase()) ? ID_IN_CAPITALS : NOT_AN_ID;
}

/** 2.9 and 3.3: an identifier of one of these types. */
export function refTo(...types: string[]): z.ZodString {
  const allowed = new Set(types);
  return refWhere((type) => allowed.has(type), `expected a reference to ${types.join(' or ')}`);
}

/** 2.9 and 3.3: an identifier whose type passes the test. */
export function refWhere(test: (type: string) => boolean, detail: string): z.ZodString {
  const wrongType = rule('ref_type_not_allowed', detail, '3.3');
  return z.string().check((given) => {
    if (!isIdentifier(given.value)) breach(given, whyNoIdentifier(given.value));
    else if (!test(typeOfIdentifier(given.value))) breach(given, wrongType);
  });
}

/** 2.12: a list of at least one. */
export function listOf<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return z.array(item).check((given) => {
    if (given.value.length === 0) breach(given, EMPTY_LIST);
  });
}

const EMPTY_DICTIONARY = rule('empty_dictionary', 'a dictionary must not be empty', '2.3');
const BAD_KEY = rule(
  'invalid_dictionary_key',
  'expected a key of 1 to 250 characters of a-z, A-Z, 0-9, - and _',
  '2.3',
);

/** 2.3: at least one pair, keys of letters, digits, hyphen and underscore. */
export function dictionary<T extends z.ZodType>(value: T): z.ZodRecord<z.ZodString, T> {
  return z.record(z.string(), value).check((given) => {
    const keys = Object.keys(given.value);
    if (keys.length === 0) breach(given, EMPTY_DICTIONARY);
    for (const key of keys) if (!DICTIONARY_KEY.test(key)) breach(given, BAD_KEY, key);
  });
}

/** 2.7: hash values by the name of their algorithm. */
export const hashes = z.record(z.string(), z.string()).check((given) => {
  const entries = Object.entries(given.value);
  if (entries.length === 0) breach(given, EMPTY_DICTIONARY);
  for (const [algorithm, value] of entries) {
    if (algorithm.length < 3 || !DICTIONARY_KEY.test(algorithm)) breach(given, BAD_KEY, algorithm);
    if (!isKnownHashForm(algorithm, value)) {
      const detail = `not a ${algorithm} hash`;
      breach(given, { code: 'invalid_hash', detail, clause: section('2.7') }, algorithm);
    }
  }
});

/** 2.10: within 54 bits signed. */
export const integer = z.int();

/** 2.10: a count, size or number of octets. */
export const natural = z.int().min(0);

/** 2.8. */
export const hexadecimal = z.string().check((given) => {
  const { value } = given;
  if (value === '' || value.length % 2 !== 0 || NO_HEXADECIMAL.test(value)) {
    breach(given, rule('invalid_hex', 'expected an even number of hexadecimal digits', '2.8'));
  }
});

/** 2.1: RFC 4648. */
export const binary = z.string().check((given) => {
  if (!isBase64(given.value)) breach(given, rule('invalid_base64', 'expected base64', '2.1'));
});

/** By a search, since payloads are long: a repeated group would fill the stack of the matcher. */
function isBase64(text: string): boolean {
  const end = text.search(NO_BASE64);
  const padding = end < 0 ? '' : text.slice(end, end + 3);
  const isPadded = padding === '' || padding === '=' || padding === '==';
  return isPadded && text.length % 4 === 0 && (end < 0 || end + padding.length === text.length);
}

/** 3.2: a language tag of RFC 5646, by its form. */
export function isLanguage(text: string): boolean {
  return LANGUAGE.test(text);
}

/** 3.2: RFC 5646. */
export const language = z.string().check((given) => {
  if (!isLanguage(given.value)) {
    breach(given, rule('invalid_language', 'expected a language code such as en or pt-BR', '3.2'));
  }
});

/** 6.3, 6.7: the name of a character set of the IANA registry. */
export const characterSet = z.string().check((given) => {
  if (!isCharacterSet(given.value)) {
    const detail = 'expected the name of a character set of the IANA registry, such as UTF-8';
    breach(given, rule('invalid_character_set', detail, '6.7'));
  }
});

/** 3.8. */
const RESERVED_TYPE = 'action';

/** 3.1. */
export const typeName = z.string().check((given) => {
  if (given.value === RESERVED_TYPE) {
    breach(given, rule('invalid_type_name', `the type ${RESERVED_TYPE} is reserved`, '3.8'));
  }
  if (!isTypeName(given.value)) {
    const detail = 'expected 3 to 250 characters of a-z, 0-9 and single hyphens';
    breach(given, rule('invalid_type_name', detail, '3.1'));
  }
});
