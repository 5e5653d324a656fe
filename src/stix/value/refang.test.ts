import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalise } from './normalise.ts';
import { recognise } from './recognise.ts';

const shown = (text: string): string => {
  const found = recognise(text);
  if (found === undefined) return 'none';
  return [found.kind, found.value, ...(found.port === undefined ? [] : [found.port])].join(' ');
};

const DEFANGED: readonly (readonly [text: string, value: string])[] = [
  ['hxxps://www[.]example.com/a[.]b?c=[1]', 'url https://www.example.com/a.b?c=[1]'],
  ['HXXP[:]//example[.]com/', 'url http://example.com/'],
  ['example[.]com', 'domain-name example.com'],
  ['example(dot)com', 'domain-name example.com'],
  ['example\\.com', 'domain-name example.com'],
  ['hk1\\.example\\.com', 'domain-name hk1.example.com'],
  ['example[.com', 'domain-name example.com'],
  ['192.0.2[.]7', 'ipv4-addr 192.0.2.7'],
  ['192[.]0[.]2[.]7[:]443', 'ipv4-addr 192.0.2.7 443'],
  ['a[@]example[.]com', 'email-addr a@example.com'],
  ['a(at)example(dot)com', 'email-addr a@example.com'],
  ['exam\u200bple.com', 'domain-name example.com'],
  ['  <example.com> ', 'domain-name example.com'],
  ['«example.com»', 'domain-name example.com'],
  ['“example.com”', 'domain-name example.com'],
  ['h**p://example.com/', 'url http://example.com/'],
  ['hxtps://example.com/', 'url https://example.com/'],
  ['hxxp[s]://example.com/', 'url https://example.com/'],
  ['http[:/]/example.com/', 'url http://example.com/'],
  ['hxxps[:]//a[.]example[/]b', 'url https://a.example/b'],
  ['http://a.example/?q=[/]', 'url http://a.example/?q=[/]'],
  ['example [.] com', 'domain-name example.com'],
  ['example.]com', 'domain-name example.com'],
  ['example。com', 'domain-name example.com'],
  ['2001:db8[::]1', 'ipv6-addr 2001:db8::1'],
  ['[::]', 'ipv6-addr ::'],
  ['[::]1', 'ipv6-addr ::1'],
  ['[::]:443', 'ipv6-addr :: 443'],
  ['[2001[:]db8::1]:443', 'ipv6-addr 2001:db8::1 443'],
];

describe('a defanged text', () => {
  it.each(DEFANGED)('%s is %s', (text, value) => {
    expect(shown(text)).toBe(value);
  });
});

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/);
const domain = fc.tuple(label, label).map(([a, b]) => `${a}.${b}.example`);
const address = fc.ipV4();
const url = fc.tuple(domain, label).map(([host, path]) => `http://${host}/${path}`);
const email = fc.tuple(label, domain).map(([local, host]) => `${local}@${host}`);
const dot = fc.constantFrom('[.]', '(.)', '{.}', '[dot]', '(DOT)', '\\.', '[.', ' [.] ');
const scheme = fc.constantFrom(
  'hxxp://',
  'hXXp[:]//',
  'h**p://',
  'hxtp://',
  'http[:/]/',
  'http[://]',
);
const colon = fc.constantFrom('[:]', '(:)');
const wrap = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => ` ${text}\u00a0`,
  (text) => `<${text}>`,
  (text) => `"${text}"`,
  (text) => `\u200b${text}\ufeff`,
);
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-fA-F]{${length}}$`));
const mac = fc.array(hex(2), { minLength: 6, maxLength: 6 }).map((parts) => parts.join(':'));
const port = fc.integer({ min: 1, max: 65_535 });

describe('defanging', () => {
  it.each([
    ['domain-name', domain],
    ['ipv4-addr', address],
    ['ipv4-addr', fc.tuple(address, fc.integer({ min: 8, max: 32 })).map((one) => one.join('/'))],
    ['url', url],
    ['email-addr', email],
  ] as const)('changes nothing about what a value of kind %s is', (kind, values) => {
    fc.assert(
      fc.property(values, dot, scheme, wrap, (value, way, begin, around) => {
        const [start, rest] = value.startsWith('http://') ? [begin, value.slice(7)] : ['', value];
        const defanged = around(start + rest.replaceAll('.', () => way).replace('@', '[@]'));
        const { kind: itsKind, value: itsValue } = normalise(kind, value);
        expect(recognise(defanged)).toMatchObject({ kind: itsKind, value: itsValue });
        expect(recognise(value)).toMatchObject({ kind: itsKind, value: itsValue });
      }),
    );
  });

  it.each([
    ['ipv6-addr', fc.ipV6()],
    ['mac-addr', mac],
  ] as const)('of the colons of a value of kind %s changes nothing', (kind, values) => {
    fc.assert(
      fc.property(values, colon, wrap, (value, way, around) => {
        const expected = normalise(kind, value);
        const defanged = around(
          value.replaceAll('::', '[::]').replaceAll(/(?<!\[|:):(?!:|\])/g, way),
        );
        for (const text of [value, defanged]) {
          expect(recognise(text)).toMatchObject({ kind: expected.kind, value: expected.value });
        }
      }),
    );
  });

  it('leaves a port beside its address or name', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          domain,
          address,
          fc.ipV6().map((one) => `[${one}]`),
        ),
        port,
        dot,
        (host, number, way) => {
          const kind = host.startsWith('[') || /^[\d.]+$/.test(host) ? 'address' : 'domain-name';
          const { value } = normalise(kind, host.replaceAll(/[[\]]/g, ''));
          const defanged = `${host.replaceAll('.', () => way)}[:]${number}`;
          for (const text of [`${host}:${number}`, defanged]) {
            expect(recognise(text)).toMatchObject({ value, port: number });
          }
        },
      ),
    );
  });

  it.each([
    ['hash:MD5', 32],
    ['hash:SHA-1', 40],
    ['hash:SHA-256', 64],
    ['hash:SHA-512', 128],
  ] as const)('or no defanging, a value of kind %s is itself', (kind, length) => {
    fc.assert(
      fc.property(hex(length), wrap, (value, around) => {
        const expected = normalise(kind, value);
        expect(recognise(around(value))).toMatchObject({
          kind: expected.kind,
          value: expected.value,
        });
      }),
    );
  });

  it('of any text at all ends in a value or in none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const found = recognise(text);
        expect(found === undefined || found.value !== '').toBe(true);
      }),
    );
  });
});
