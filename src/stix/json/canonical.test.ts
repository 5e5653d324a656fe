import { describe, expect, it } from 'vitest';
import { canonicalJson, contentHash } from './canonical.ts';

const RFC_8785: [value: unknown, text: string][] = [
  [[333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0], '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]'],
  ['\u20ac$\u000f\nA\'B"\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/"'],
  [{ b: [null, true, false], a: {} }, '{"a":{},"b":[null,true,false]}'],
  [
    { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 },
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  ],
  [{ 10: 'a', 9: 'b' }, '{"10":"a","9":"b"}'],
  [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
  [[], '[]'],
  [[1, [2]], '[1,[2]]'],
  [
    [{ c: { 10: [{ z: 1, y: 2 }], 9: null } }, { b: 1, a: 2 }],
    '[{"c":{"10":[{"y":2,"z":1}],"9":null}},{"a":2,"b":1}]',
  ],
  [
    JSON.parse('{"b":1,"__proto__":{"d":1,"c":2},"a":2}'),
    '{"__proto__":{"c":2,"d":1},"a":2,"b":1}',
  ],
];

describe('canonicalJson', () => {
  // RFC 8785 sections 3.2.2 and 3.2.3.
  it.each(RFC_8785)('%j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('does not depend on the order of keys, and depends on everything else', () => {
    const hash = contentHash({ a: 1, b: { c: [1, 2], d: 'x' } });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(contentHash({ b: { d: 'x', c: [1, 2] }, a: 1 })).toBe(hash);
    expect(contentHash({ b: { d: 'x', c: [2, 1] }, a: 1 })).not.toBe(hash);
    expect(contentHash({ b: { d: 'X', c: [1, 2] }, a: 1 })).not.toBe(hash);
  });
});
