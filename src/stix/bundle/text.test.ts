import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBundle, parseObject, Unreadable } from './text.ts';
import { JsonFault } from '../json/fault.ts';
import { parseJson } from '../json/read.ts';

const ID = 'indicator--00000000-0000-4000-8000-000000000001';
const GOOD = '{"type":"indicator","name":"good"}';

function objectsOf(text: string): unknown[] {
  return (parseBundle(text) as { objects: unknown[] }).objects;
}

function faultOf(text: string): JsonFault {
  try {
    parseBundle(text);
  } catch (error) {
    if (error instanceof JsonFault) return error;
  }
  throw new Error('no fault');
}

describe('a bundle with one bad object', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  it.each([
    ['nul_character', '$.name', '{"name":"a\\u0000b"}'],
    ['lone_surrogate', '$.name', '{"name":"\\ud800"}'],
    ['too_deep', undefined, `{"name":${deep(64)}}`],
    ['number_not_representable', '$.x', '{"x":12345678901234567890}'],
    ['number_not_representable', '$.x', '{"x":1e400}'],
    ['forbidden_key', '$.__proto__', '{"__proto__":{"a":1}}'],
    ['forbidden_key', '$.constructor.prototype', '{"constructor":{"prototype":{}}}'],
    ['duplicate_key', '$.a', '{"a":1,"a":2}'],
  ])('tells %s and keeps the others', (code, path, bad) => {
    const [first, fault, last] = objectsOf(
      `{"type":"bundle","objects":[${GOOD}, ${bad} ,${GOOD}]}`,
    );
    expect(first).toEqual(JSON.parse(GOOD));
    expect(last).toEqual(JSON.parse(GOOD));
    expect(fault).toBeInstanceOf(Unreadable);
    expect(fault).toMatchObject(path === undefined ? { code } : { code, path });
  });

  it('names the object that cannot be read', () => {
    expect(objectsOf(`{"objects":[{"id":"${ID}","n":"\\u0000"}]}`)).toMatchObject([{ id: ID }]);
    expect(objectsOf('{"objects":[{"id":"a\\u0000","n":1}]}')).toMatchObject([{ id: undefined }]);
  });

  it('finds the list whatever is before it and however its name is written', () => {
    const bad = '{"n":"\\u0000"}';
    for (const head of [
      '"a":"\\"objects\\":[","b":{"objects":[1,2]},',
      '"x":["objects",[[]]],"y":"}]",',
      ' \n "objects2" : [ ] , ',
      '',
    ]) {
      for (const name of ['objects', '\\u006fbjects']) {
        const [first, second] = objectsOf(`\ufeff{${head}"${name}" : [${bad},3]}`);
        expect(first).toBeInstanceOf(Unreadable);
        expect(second).toBe(3);
      }
    }
  });
});

describe('a text that is refused whole', () => {
  const bad = '{"n":"\\u0000"}';
  it.each([
    ['a syntax error', 'invalid_json', '{"objects":[{]}'],
    ['a syntax error behind a bad object', 'invalid_json', `{"objects":[${bad},{"a":}]}`],
    ['a syntax error behind the objects', 'invalid_json', `{"objects":[${bad}]`],
    ['a bad envelope', 'nul_character', '{"id":"\\u0000","objects":[]}'],
    ['a bad envelope behind a bad object', 'lone_surrogate', `{"objects":[${bad}],"id":"\\ud800"}`],
    ['two lists of objects', 'duplicate_key', `{"objects":[${bad}],"objects":[]}`],
    ['objects that are not a list', 'nul_character', `{"objects":${bad}}`],
    ['a bare list', 'nul_character', `[{"objects":[${bad}]}]`],
    ['no bundle at all', 'nul_character', '"\\u0000"'],
  ])('%s', (_, code, text) => {
    expect(faultOf(text).code).toBe(code);
  });
});

it('reads what holds no fault as parseJson does', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), (objects) => {
      const text = JSON.stringify({ type: 'bundle', objects });
      let plain: unknown;
      try {
        plain = parseJson(text);
      } catch {
        return;
      }
      expect(parseBundle(text)).toEqual(plain);
    }),
  );
});

it('gives each element what it gives alone, whatever stands around it', () => {
  const element = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.constantFrom('{"a":"\\u0000"}', '"\\ud800"', '1e999', '{"a":1,"a":1}', '[",]","\\\\"]'),
  );
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 6 }), (elements) => {
      const together = objectsOf(`{"objects":[${elements.join(' , ')}],"x":{}}`);
      const alone = elements.map((text) => objectsOf(`{"objects":[${text}]}`)[0]);
      expect(together.map(comparable)).toEqual(alone.map(comparable));
    }),
  );
});

/** Where in its own text a fault stands depends on the blanks before it. */
function comparable(value: unknown): unknown {
  return value instanceof Unreadable ? { code: value.code, path: value.path } : value;
}

describe('STIX 1.x', () => {
  const xml = '<stix:STIX_Package version="1.2"/>';

  it('is refused by the name of what converts it, as a whole or as one line of many', () => {
    const refusal = { code: 'stix1_xml', detail: expect.stringContaining('stix2-elevator') };
    expect(() => parseBundle(xml)).toThrow(expect.objectContaining(refusal));
    expect(parseObject(xml)).toMatchObject(refusal);
  });
});

it('a line whose first fault is not of syntax, and a later one is, is unreadable like others', () => {
  for (const end of ['', ',', '}}', ' "x"']) {
    const line = parseObject(`{"id":"${ID}","a":1,"a":2${end}`);
    expect(line).toBeInstanceOf(Unreadable);
    expect(line).toMatchObject({ code: 'duplicate_key', id: undefined });
  }
  expect(parseObject(`{"id":"${ID}","a":1,"a":2}`)).toMatchObject({
    code: 'duplicate_key',
    id: ID,
  });
});
