import { describe, expect, it } from 'vitest';
import {
  isCovered,
  isWithin,
  narrowNetwork,
  networkFault,
  networkTest,
  wideNetwork,
} from '../src/networks.ts';

describe('networkTest', () => {
  it.each([
    ['192.0.2.7', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['192.0.2.7', '0.0.0.0/0'],
    ['::ffff:192.0.2.7', '192.0.2.0/24'],
    ['192.0.2.7', '::ffff:192.0.2.0/120'],
    ['2001:db8::1', '2001:db8::/32'],
    ['fe80::1%lo', 'fe80::/10'],
  ])('has %s in %s', (address, network) => {
    expect(isWithin([network], address)).toBe(true);
    expect(isWithin(['198.51.100.0/24', network], address)).toBe(true);
  });

  it.each([
    ['192.0.3.7', '192.0.2.0/24'],
    ['2001:db9::1', '2001:db8::/32'],
    // IPv6 that is open opens no IPv4, in whatever form it is written.
    ['192.0.2.7', '::/0'],
    ['::ffff:192.0.2.7', '::/0'],
    ['2001:db8::1', '0.0.0.0/0'],
    ['0300.0.2.7', '192.0.0.0/8'],
    ['192.519', '192.0.0.0/8'],
    ['', '0.0.0.0/0'],
    ['unknown', '0.0.0.0/0'],
  ])('does not have %s in %s', (address, network) => {
    expect(isWithin([network], address)).toBe(false);
  });

  it.each(['192.0.2.0', '192.0.2.0/33', '192.0.2.0/x', 'example.com/24', ''])(
    'throws for %j, which is not a network',
    (text) => {
      expect(() => networkTest([text])).toThrow();
    },
  );
});

describe('isCovered', () => {
  it.each([
    ['192.0.2.0/25', ['192.0.2.0/24'], true],
    ['192.0.2.0/24', ['192.0.2.0/24'], true],
    ['192.0.2.0/24', ['192.0.2.0/25', '192.0.2.128/25'], false],
    ['192.0.2.0/23', ['192.0.2.0/24'], false],
    ['2001:db8:1::/48', ['192.0.2.0/24', '2001:db8::/32'], true],
    ['192.0.2.0/24', ['::/0'], false],
  ])('%s by %j: %s', (inner, outer, covered) => {
    expect(isCovered(inner, outer)).toBe(covered);
  });
});

it('names a network by its canonical form only', () => {
  expect(networkFault('192.0.2.0/24')).toBeUndefined();
  expect(networkFault('192.0.2.1/24')).toContain('192.0.2.0/24');
  expect(networkFault('192.0.2.1')).toContain('192.0.2.1/32');
  expect(networkFault('192.0.2.0/33')).toContain('must be a network');
});

describe('the networks that an address belongs to', () => {
  it.each([
    ['192.0.2.1', 'ipv4 192.0.2.1/32', 'ipv4 192.0.2/24'],
    ['::ffff:192.0.2.1', 'ipv4 192.0.2.1/32', 'ipv4 192.0.2/24'],
    ['2001:db8::1', 'ipv6 32.1.13.184.0.0.0.0/64', 'ipv6 32.1.13.184.0.0/48'],
    ['2001:0db8:0:0:ffff::1', 'ipv6 32.1.13.184.0.0.0.0/64', 'ipv6 32.1.13.184.0.0/48'],
    ['fe80::1%eth0', 'ipv6 254.128.0.0.0.0.0.0/64', 'ipv6 254.128.0.0.0.0/48'],
    ['', '', ''],
    ['unknown', '', ''],
  ])('of %j', (address, narrow, wide) => {
    expect(narrowNetwork(address)).toBe(narrow);
    expect(wideNetwork(address)).toBe(wide);
  });
});
