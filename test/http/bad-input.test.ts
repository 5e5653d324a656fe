import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, type Actor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { rowCounts } from '../support/row-counts.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

const postText = (text: string | Buffer, path = '/bundles', type = 'application/json') =>
  alice
    .sends('post', path)
    .set('content-type', type)
    .serialize((bytes) => bytes)
    .send(Buffer.from(text));

async function refuses(text: string | Buffer, problem: object, path?: string): Promise<void> {
  const before = await rowCounts(tocsin);
  const response = await postText(text, path);
  expect(response.body).toMatchObject(problem);
  expect(response.status).toBe(response.body.status);
  expect(response.type).toBe('application/problem+json');
  expect(await rowCounts(tocsin)).toEqual(before);
}

describe('a body that is not a bundle', () => {
  const cases: [string, string | Buffer, object][] = [
    ['not JSON', 'indicator', { status: 400, code: 'invalid_json', path: '$' }],
    ['cut off', '{"type":"bundle","objects":[', { status: 400, code: 'invalid_json' }],
    [
      'a trailing comma',
      '{"type":"bundle","objects":[1,]}',
      { code: 'invalid_json', path: '$.objects' },
    ],
    ['two documents', '{} {}', { status: 400, code: 'invalid_json' }],
    ['JSON with comments', '{/* */"type":"bundle"}', { status: 400, code: 'invalid_json' }],
    ['NaN', '{"type":"bundle","x":NaN}', { status: 400, code: 'invalid_json', path: '$.x' }],
    ['UTF-16', Buffer.from('{"type":"bundle"}', 'utf16le'), { status: 400, code: 'invalid_json' }],
    [
      'not UTF-8',
      Buffer.from([123, 34, 0xff, 34, 58, 49, 125]),
      { status: 400, code: 'invalid_json' },
    ],
    ['nothing', '', { status: 400, code: 'body_missing' }],
    ['blanks', ' \n ', { status: 400, code: 'body_missing' }],
    ['null', 'null', { status: 400, code: 'invalid_bundle', reason: 'not_a_bundle' }],
    ['a number', '7', { status: 400, code: 'invalid_bundle', reason: 'not_a_bundle' }],
    ['a bare list', '[]', { code: 'invalid_bundle', reason: 'not_a_bundle', path: '$' }],
    ['an object without an id', '{"type":"indicator"}', { code: 'invalid_bundle', path: '$.type' }],
    [
      'objects that are not a list',
      '{"type":"bundle","objects":{}}',
      { reason: 'objects_not_a_list', path: '$.objects' },
    ],
    [
      'a list of objects twice',
      '{"type":"bundle","objects":[],"objects":[1]}',
      { status: 400, code: 'duplicate_key' },
    ],
    [
      '__proto__ outside of the objects',
      '{"__proto__":{},"type":"bundle"}',
      { status: 400, code: 'forbidden_key', path: '$.__proto__' },
    ],
  ];
  it.each(cases)('%s', async (_, text, problem) => {
    await refuses(text, problem);
  });

  it('a body of depth 10,000', async () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000);
    await refuses(deep, { status: 400, code: 'too_deep' });
    await refuses('{"a":'.repeat(10_000), { status: 400, code: 'too_deep' }, '/indicators');
  });
});

/** A bundle of a good object, the bad one and another good one. */
async function sandwich(bad: string) {
  const [first, last] = [indicator(), indicator()];
  const text = `{"type":"bundle","objects":[${JSON.stringify(first)},${bad},${JSON.stringify(last)}]}`;
  const response = await postText(text);
  await tocsin.sequenced();
  expect((await alice.finds(first.id)).status).toBe(200);
  expect((await alice.finds(last.id)).status).toBe(200);
  return response;
}

const withName = (json: string) =>
  JSON.stringify({ ...indicator(), name: '@' }).replace('"@"', json);

describe('one bad object leaves the others alone', () => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000);
  const cases: [string, () => string, string, string?][] = [
    [
      'a bundle inside the bundle',
      () => JSON.stringify(bundle([indicator()])),
      'nested_bundle',
      '$.type',
    ],
    ['U+0000', () => withName('"a\\u0000"'), 'nul_character', '$.name'],
    ['a lone surrogate', () => withName('"\\ud800"'), 'lone_surrogate', '$.name'],
    ['depth 10,000', () => withName(deep), 'too_deep'],
    [
      '__proto__',
      () => withName('{"__proto__":{"admin":true}}'),
      'forbidden_key',
      '$.name.__proto__',
    ],
    ['constructor.prototype', () => withName('{"constructor":{"prototype":1}}'), 'forbidden_key'],
    ['a key twice', () => withName('{"a":1,"a":2}'), 'duplicate_key', '$.name.a'],
    ['a number beyond double', () => withName('1e400'), 'number_not_representable', '$.name'],
    [
      'a number that a double changes',
      () => withName('9007199254740993'),
      'number_not_representable',
      '$.name',
    ],
    ['a list', () => '[]', 'not_an_object', '$'],
    ['null', () => 'null', 'not_an_object', '$'],
    ['a text', () => '"indicator"', 'not_an_object', '$'],
  ];
  it.each(cases)('%s', async (_, bad, code, path) => {
    const response = await sandwich(bad());
    expect(response.status).toBe(200);
    expect(outcomes(response)).toEqual(['created', code, 'created']);
    if (path !== undefined) expect(response.body.results[1].path).toBe(path);
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  it('and with atomic=true all are refused, each told why', async () => {
    const before = await rowCounts(tocsin);
    const text = `{"type":"bundle","objects":[${JSON.stringify(indicator())},${withName('"\\u0000"')}]}`;
    const response = await postText(text, '/bundles?atomic=true');
    expect(response.status).toBe(422);
    expect(response.body).toMatchObject({
      code: 'atomic_aborted',
      results: [{ code: 'withheld' }, { code: 'nul_character', path: '$.name' }],
    });
    expect(await rowCounts(tocsin)).toEqual(before);
  });
});

describe('a date out of range is refused by its property', () => {
  it.each([
    ['modified', '2026-13-01T00:00:00Z'],
    ['modified', '2026-02-30T00:00:00.000Z'],
    ['modified', '0000-01-01T00:00:00Z'],
    ['modified', '+12026-01-01T00:00:00Z'],
    ['modified', '2026-01-01T24:00:00Z'],
    ['modified', '2026-01-01'],
    ['modified', '2026-01-01T00:00:00+02:00'],
    ['created', '10000-01-01T00:00:00Z'],
    ['valid_from', 'yesterday'],
    ['valid_until', '2026-02-29T00:00:00Z'],
  ])('%s %s', async (property, text) => {
    const response = await sandwich(JSON.stringify(indicator({ [property]: text })));
    expect(response.body.results[1]).toMatchObject({ outcome: 'rejected', path: `$.${property}` });
  });

  it('and the ends of the calendar are kept', async () => {
    const first = indicator({ created: '0001-01-01T00:00:00Z', modified: '0001-01-01T00:00:00Z' });
    const last = indicator({
      modified: '9999-12-31T23:59:59.999999Z',
      valid_until: '9999-12-31T23:59:59Z',
    });
    const response = await alice.posts([first, last]);
    expect(outcomes(response)).toEqual(['created', 'created']);
    expect((await alice.finds(last.id)).body).toEqual(last);
    expect((await alice.finds(first.id)).body).toEqual(first);
  });
});

describe('POST /indicators', () => {
  const cases: [string, string, object][] = [
    ['not JSON', '{', { status: 400, code: 'invalid_json' }],
    ['U+0000', withName('"\\u0000"'), { status: 400, code: 'nul_character', path: '$.name' }],
    ['a lone surrogate', withName('"\\udfff"'), { status: 400, code: 'lone_surrogate' }],
    [
      'a number beyond double',
      withName('-1e309'),
      { status: 400, code: 'number_not_representable' },
    ],
    ['__proto__', withName('{"__proto__":1}'), { status: 400, code: 'forbidden_key' }],
    [
      'a bundle',
      JSON.stringify(bundle([])),
      { status: 422, code: 'invalid_object', path: '$.type' },
    ],
    ['a list', '[]', { status: 422, code: 'invalid_object', path: '$.type' }],
    [
      'no pattern',
      JSON.stringify(indicator({ pattern: undefined })),
      { status: 422, code: 'invalid_object', path: '$.pattern' },
    ],
    [
      'a date out of range',
      JSON.stringify(indicator({ modified: '2026-02-30T00:00:00Z' })),
      { status: 422, code: 'invalid_object', path: '$.modified' },
    ],
  ];
  it.each(cases)('%s', async (_, text, problem) => {
    await refuses(text, problem, '/indicators');
  });
});
