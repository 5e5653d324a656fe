import { describe, expect, it } from 'vitest';
import { inspectJson, parseJson } from './read.ts';
import { JSON_DEPTH_MAX, JsonFault } from './fault.ts';

function faultOf(read: () => unknown): JsonFault {
  try {
    read();
  } catch (error) {
    if (error instanceof JsonFault) return error;
    throw error;
  }
  throw new Error('expected a fault');
}

const FAULTS = [
  ['{"a": 1,}', 'invalid_json', '$', "line 1, column 9: a comma before '}'"],
  ['{"a": [1,\n  2,\n]}', 'invalid_json', '$.a', "line 3, column 1: a comma before ']'"],
  ['', 'invalid_json', '$', 'expected a value'],
  ['[1 2]', 'invalid_json', '$', "expected ',' or ']', found \"2\""],
  ['{"a" 1}', 'invalid_json', '$.a', "expected ':'"],
  ['{a: 1}', 'invalid_json', '$', 'expected a property name in quotes'],
  ['{"a": 1 "b": 2}', 'invalid_json', '$', "expected ',' or '}'"],
  ['[1] x', 'invalid_json', '$', 'expected the end'],
  ['["a', 'invalid_json', '$[0]', 'a string is not closed'],
  ['["a\nb"]', 'invalid_json', '$[0]', 'a bare control character'],
  ['["\\x"]', 'invalid_json', '$[0]', "'\\x' is not an escape"],
  ['["\\u12g4"]', 'invalid_json', '$[0]', 'four hexadecimal digits'],
  ['[-]', 'invalid_json', '$[0]', 'expected a digit'],
  ['[01]', 'invalid_json', '$', "expected ',' or ']'"],
  ['[tru]', 'invalid_json', '$[0]', 'expected a value'],
  ['<stix:STIX_Package/>', 'stix1_xml', '$', 'stix2-elevator'],
  [' \n<?xml version="1.0"?>', 'stix1_xml', '$', 'STIX 1.x'],
  ['{"a": {"__proto__": {}}}', 'forbidden_key', '$.a.__proto__', '__proto__'],
  ['{"\\u005f_proto__": 1}', 'forbidden_key', '$.__proto__', '__proto__'],
  ['{"constructor": {"prototype": 1}}', 'forbidden_key', '$.constructor.prototype', 'prototype'],
  ['{"a": 1, "a": 2}', 'duplicate_key', '$.a', 'twice'],
  ['[{"ab": 1, "\\u0061b": 2}]', 'duplicate_key', '$[0].ab', 'twice'],
  ['["\\u0000"]', 'nul_character', '$[0]', 'U+0000'],
  ['{"a\\u0000": 1}', 'nul_character', '$', 'U+0000'],
  ['["\\ud800"]', 'lone_surrogate', '$[0]', 'surrogate'],
  ['["\\ude00"]', 'lone_surrogate', '$[0]', 'surrogate'],
  ['["\\ud83dx\\ude00"]', 'lone_surrogate', '$[0]', 'surrogate'],
  ['["\\\\ud83d\\ude00"]', 'lone_surrogate', '$[0]', 'surrogate'],
  ['["\ud800"]', 'lone_surrogate', '$[0]', 'surrogate'],
  ['[12345678901234567890]', 'number_not_representable', '$[0]', '12345678901234567890'],
  ['[1e400]', 'number_not_representable', '$[0]', '1e400'],
  ['{"n": -1e-400}', 'number_not_representable', '$.n', '-1e-400'],
  ['[0.10000000000000000000001]', 'number_not_representable', '$[0]', 'does not fit'],
  ['[48.8566140000000012]', 'number_not_representable', '$[0]', 'does not fit'],
  ['[9007199254740993]', 'number_not_representable', '$[0]', '9007199254740993'],
  [`[${'9'.repeat(50)}]`, 'number_not_representable', '$[0]', `${'9'.repeat(40)}…`],
];

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('parseJson', () => {
  it.each([
    ['{}'],
    ['[]'],
    ['"text"'],
    ['null'],
    [' [true, false, null, {"a": [{}]}] '],
    ['{"a\\"b": "\\\\", "c": "\\\\\\"", "d\\u0065": "\\ud83d\\ude00 \\u00e9"}'],
    ['[0, -0.5, 1.10, 1e3, 1E+3, 9007199254740991, -9007199254740992, 0.1, 123456789012345e-3]'],
    ['{"prototype": 1, "constructor": {"name": 2}}'],
    ['["\\\\ud800", "\\\\u0000"]'],
  ])('reads %s as JSON.parse does', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it('ignores one byte order mark in front', () => {
    expect(parseJson('\ufeff{"a": 1}')).toEqual({ a: 1 });
    expect(faultOf(() => parseJson('\ufeff\ufeff{}')).code).toBe('invalid_json');
  });

  it.each(FAULTS)('refuses %s', (text, code, path, detail) => {
    const fault = faultOf(() => parseJson(text));
    expect(fault).toMatchObject({ code, path });
    expect(fault.detail).toContain(detail);
  });

  it('reads as deep as the limit, and no deeper', () => {
    expect(parseJson(nested(JSON_DEPTH_MAX))).toBeInstanceOf(Array);
    expect(faultOf(() => parseJson(nested(JSON_DEPTH_MAX + 1))).code).toBe('too_deep');
    expect(faultOf(() => parseJson('{"a":'.repeat(100_000))).code).toBe('too_deep');
    const flat = JSON.stringify(Array.from({ length: 1000 }, () => ({ a: [{}] })));
    expect(parseJson(flat)).toHaveLength(1000);
  });

  it('names odd properties in the path', () => {
    const fault = faultOf(() => parseJson('{"it\'s": {"x y": [1,]}}'));
    expect(fault.path).toBe("$['it\\'s']['x y']");
  });

  it('does not let a text change a prototype', () => {
    faultOf(() => parseJson('{"__proto__": {"polluted": true}}'));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('inspectJson', () => {
  it.each([[{ a: [1, 'b', null, { c: true }] }], ['text'], [null], [[-0.5]]])(
    'passes %j',
    (value) => {
      expect(() => inspectJson(value)).not.toThrow();
    },
  );

  it.each([
    [{ a: ['\0'] }, 'nul_character', '$.a[0]'],
    [{ 'k\ud800': 1 }, 'lone_surrogate', "$['k\\ufffd']"],
    [JSON.parse('[{"__proto__": 1}]'), 'forbidden_key', '$[0]'],
    [{ constructor: { prototype: 1 } }, 'forbidden_key', '$.constructor.prototype'],
    [[Number.NaN], 'number_not_representable', '$[0]'],
    [JSON.parse('['.repeat(70) + ']'.repeat(70)), 'too_deep', `$${'[0]'.repeat(64)}`],
  ])('refuses %j', (value, code, path) => {
    const fault = faultOf(() => inspectJson(value));
    expect(fault.code).toBe(code);
    if (code !== 'lone_surrogate') expect(fault.path).toBe(path);
  });
});
