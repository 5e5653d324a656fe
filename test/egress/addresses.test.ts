import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { whyNotGlobal } from '../../src/egress/addresses.ts';
import { createEgress } from '../../src/egress/egress.ts';

type Octets = readonly [number, number, number, number];

/** First and last address of each range nobody may be sent to; what lies just outside is public. */
const FORBIDDEN: readonly (readonly [first: string, last: string])[] = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['168.63.129.16', '168.63.129.16'],
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.31.196.0', '192.31.196.255'],
  ['192.52.193.0', '192.52.193.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['192.175.48.0', '192.175.48.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '255.255.255.255'],
];

const toNumber = (dotted: string): number =>
  dotted.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
const toOctets = (number: number): Octets => [
  Math.floor(number / 2 ** 24) % 256,
  Math.floor(number / 2 ** 16) % 256,
  Math.floor(number / 2 ** 8) % 256,
  number % 256,
];
const toDotted = (number: number): string => toOctets(number).join('.');
const toGroups = (number: number): string =>
  `${Math.floor(number / 65_536).toString(16)}:${(number % 65_536).toString(16)}`;
const isForbidden = (number: number): boolean =>
  FORBIDDEN.some(([first, last]) => number >= toNumber(first) && number <= toNumber(last));
const widen = (text: string): string =>
  text.replace(/[0-9a-fx]/gu, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0));

/** Every way to write an IPv4 address that a URL parser, a resolver or a tunnel reads as that address. */
const SPELLINGS: Record<string, (number: number) => string> = {
  dotted: toDotted,
  'with a final dot': (number) => `${toDotted(number)}.`,
  decimal: String,
  hex: (number) => `0x${number.toString(16)}`,
  'upper-case hex': (number) => `0X${number.toString(16).toUpperCase()}`,
  octal: (number) => `0${number.toString(8)}`,
  'hex parts': (number) =>
    toOctets(number)
      .map((octet) => `0x${octet.toString(16)}`)
      .join('.'),
  'octal parts': (number) =>
    toOctets(number)
      .map((octet) => `0${octet.toString(8)}`)
      .join('.'),
  'octal parts with zeros': (number) =>
    toOctets(number)
      .map((octet) => `000${octet.toString(8)}`)
      .join('.'),
  'two parts': (number) => `${Math.floor(number / 2 ** 24)}.${number % 2 ** 24}`,
  'three parts': (number) => `${toOctets(number).slice(0, 2).join('.')}.${number % 2 ** 16}`,
  'fullwidth digits': (number) => widen(toDotted(number)),
  'fullwidth hex': (number) => widen(`0x${number.toString(16)}`),
  'ideographic dots': (number) => toDotted(number).replaceAll('.', '。'),
  'percent-encoded': (number) => toDotted(number).replaceAll('.', '%2e'),
  mapped: (number) => `[::ffff:${toDotted(number)}]`,
  'mapped in hex': (number) => `[0:0:0:0:0:ffff:${toGroups(number)}]`,
  compatible: (number) => `[::${toDotted(number)}]`,
  translated: (number) => `[::ffff:0:${toDotted(number)}]`,
  NAT64: (number) => `[64:ff9b::${toDotted(number)}]`,
  'local NAT64': (number) => `[64:ff9b:1::${toDotted(number)}]`,
  '6to4': (number) => `[2002:${toGroups(number)}::1]`,
  ISATAP: (number) => `[2400:cb00::5efe:${toDotted(number)}]`,
  Teredo: (number) => `[2001:0:${toGroups(number)}::1]`,
};

const anyAddress = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const forbiddenAddress = fc
  .constantFrom(...FORBIDDEN)
  .chain(([first, last]) => fc.integer({ min: toNumber(first), max: toNumber(last) }));

const egress = createEgress({ allow: [] });

it.each(Object.entries(SPELLINGS))(
  'addresses that are not public stay refused when written %s',
  async (_name, spell) => {
    await fc.assert(
      fc.asyncProperty(forbiddenAddress, async (number) => {
        const refusal = await egress.check(`https://${spell(number)}/`);
        expect(refusal?.code).toBe('egress_address');
      }),
      { numRuns: 60 },
    );
  },
);

it.each(FORBIDDEN)(
  'addresses that are not public %s to %s is refused up to its ends',
  (first, last) => {
    expect(whyNotGlobal(first)).toBeDefined();
    expect(whyNotGlobal(last)).toBeDefined();
    for (const number of [toNumber(first) - 1, toNumber(last) + 1]) {
      if (number < 0 || number >= 2 ** 32 || isForbidden(number)) continue;
      expect(whyNotGlobal(toDotted(number)), toDotted(number)).toBeUndefined();
    }
  },
);

it('addresses that are not public are recognised in every form', () => {
  fc.assert(
    fc.property(anyAddress, (number) => {
      const isRefused = isForbidden(number);
      expect(whyNotGlobal(toDotted(number)) !== undefined).toBe(isRefused);
      expect(whyNotGlobal(`::ffff:${toDotted(number)}`) !== undefined).toBe(isRefused);
      expect(whyNotGlobal(`64:ff9b::${toDotted(number)}`) !== undefined).toBe(isRefused);
    }),
  );
});

it.each([
  ['::', '::1', '::2', '100::1', '1fff::1', '4000::1', '5f00::1', 'fc00::1', 'fdff::1', 'fe80::1'],
  [
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:1ff::1',
    '2001:db8::1',
    '2002::1',
    '3fff::1',
  ],
  ['2620:4f:8000::1', '', 'localhost', '127.1', '0x8080808', '8.8.8.8 ', '08.8.8.8'],
])('addresses that are not public %s and its like are refused', (...addresses) => {
  for (const address of addresses) expect(whyNotGlobal(address), address).toBeDefined();
});

it.each(['2001:200::1', '2400:cb00::1', '2620:fe::fe', '3ffe:ffff::1', '2a00:1450::5eff:1'])(
  '%s is public',
  (address) => expect(whyNotGlobal(address)).toBeUndefined(),
);
