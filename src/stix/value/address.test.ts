import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicIpv4, normalAddress } from './address.ts';

const isPublic = (text: string): boolean => isPublicIpv4(text, 0, text.length);
const hasNoDoubt = (text: string): boolean => {
  const address = normalAddress(text);
  return address?.kind === 'ipv4-addr' && address.doubts.length === 0;
};

describe('isPublicIpv4', () => {
  it.each([
    ['8.8.8.8', true],
    ['223.255.255.255', true],
    ['9.255.255.255', true],
    ['11.0.0.0', true],
    ['172.15.255.255', true],
    ['172.16.0.0', false],
    ['172.31.255.255', false],
    ['172.32.0.0', true],
    ['192.0.1.255', true],
    ['192.0.2.0', false],
    ['198.51.99.255', true],
    ['198.51.100.255', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['8.8.8.256', false],
    ['8.8.8', false],
    ['8.8.8.8.', false],
    ['.8.8.8.8', false],
    ['8..8.8', false],
    ['8.8.8.08', false],
    ['8.8.8.8 ', false],
    ['8.8.8.x', false],
    ['', false],
  ])('of %j is %s', (text, expected) => {
    expect(isPublic(text)).toBe(expected);
    expect(hasNoDoubt(text)).toBe(expected);
  });

  it('reads between the places given', () => {
    expect(isPublicIpv4("'8.8.8.80'", 1, 8)).toBe(true);
    expect(isPublicIpv4("'8.8.8.80'", 0, 9)).toBe(false);
    expect(isPublicIpv4("'8.8.8.80'", 1, 10)).toBe(false);
  });

  it('says what the long way says', () => {
    const octet = fc.oneof(fc.nat(260), fc.constantFrom('', '00', '01', '10', '169', '192', '198'));
    const address = fc.array(octet, { minLength: 3, maxLength: 5 }).map((all) => all.join('.'));
    fc.assert(
      fc.property(fc.oneof(address, fc.ipV4()), (text) => {
        expect(isPublic(text)).toBe(hasNoDoubt(text));
      }),
      { numRuns: 3000 },
    );
  });
});
