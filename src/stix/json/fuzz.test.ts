/** Spoilt and hostile JSON texts: read as JSON.parse reads them, or refused with a place, at once. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { within } from '../../../test/support/fuzz.ts';
import { inspectJson, parseJson } from './read.ts';
import { JsonFault } from './fault.ts';

const factor = Number(process.env['TOCSIN_FUZZ_FACTOR'] ?? 1);

const HOSTILE: [what: string, text: string][] = [
  ['nesting', '['.repeat(2_000_000)],
  ['brackets', '[[[],'.repeat(400_000)],
  ['quotes', '"\\"'.repeat(600_000)],
  ['backslashes', `"${'\\'.repeat(2_000_000)}`],
  ['digits', `[${'1'.repeat(300_000)}]`],
  ['exponents', '[1e999999999999999999999999]'],
  [
    'one object of many keys',
    `{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":0`).join()},"k1":1}`,
  ],
];

describe('JSON texts', () => {
  it('is read as JSON.parse reads it, or refused with a place', () => {
    const odd = fc.constantFrom(
      '\\u0000',
      '\\ud83d',
      '\\ude00',
      '1e999',
      '12345678901234567',
      '"__proto__":',
      '[[',
      ',',
      '}',
      '\\',
      '"',
      '\ufeff',
      '-0',
      '0.1',
    );
    const text = fc
      .tuple(fc.json(), fc.nat(), odd, fc.boolean())
      .map(([json, at, insert, spoil]) => {
        const place = at % (json.length + 1);
        return spoil ? json.slice(0, place) + insert + json.slice(place) : json;
      });
    fc.assert(
      fc.property(text, (json) => {
        let value: unknown;
        try {
          value = parseJson(json);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonFault);
          return;
        }
        expect(value).toEqual(JSON.parse(json.replace(/^\ufeff/, '')));
        inspectJson(value);
      }),
      { numRuns: 10_000 * factor },
    );
  });

  it.each(HOSTILE)('of hostile %s take no time', (_, text) => {
    within(() => {
      expect(() => parseJson(text)).toThrow(JsonFault);
    });
  });
});
