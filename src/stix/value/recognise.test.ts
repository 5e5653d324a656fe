import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findValues } from './find-values.ts';
import { recognise, recogniseAs } from './recognise.ts';

const REAL_DATA =
  process.env['TOCSIN_REAL_DATA'] ??
  fileURLToPath(new URL('../../../../shared/data', import.meta.url));

const shown = (text: string): string => {
  const found = recognise(text);
  if (found === undefined) return 'none';
  return [found.kind, found.value, ...(found.port === undefined ? [] : [found.port])].join(' ');
};

const VALUES: readonly (readonly [text: string, value: string])[] = [
  ['192.0.2.7', 'ipv4-addr 192.0.2.7'],
  ['192.0.2.7/24', 'ipv4-cidr 192.0.2.0/24'],
  ['192.0.2.7:443', 'ipv4-addr 192.0.2.7 443'],
  ['192.0.2.7:65536', 'none'],
  ['2001:DB8::1', 'ipv6-addr 2001:db8::1'],
  ['2001:db8::/32', 'ipv6-cidr 2001:db8::/32'],
  ['[2001:db8::1]:443', 'ipv6-addr 2001:db8::1 443'],
  ['1.2.3.4.5', 'none'],
  ['192.0.2.1-192.0.2.9', 'none'],
  ['Example.COM', 'domain-name example.com'],
  ['example.com.', 'domain-name example.com'],
  ['example.com:8080', 'domain-name example.com 8080'],
  ['bücher.example', 'domain-name xn--bcher-kva.example'],
  ['a.onion', 'domain-name a.onion'],
  ['com.vendor', 'domain-name com.vendor'],
  ['setup.exe', 'file-name setup.exe'],
  ['evil.zip', 'domain-name evil.zip'],
  ['https://Example.com:443/a', 'url https://example.com/a'],
  ['example.com/a?b', 'url example.com/a?b'],
  ['Somebody@Example.com', 'email-addr somebody@example.com'],
  ['00-11-22-AA-BB-CC', 'mac-addr 00:11:22:aa:bb:cc'],
  ['D'.repeat(32), `md5 ${'d'.repeat(32)}`],
  ['d'.repeat(40), `sha1 ${'d'.repeat(40)}`],
  ['d'.repeat(64), `sha256 ${'d'.repeat(64)}`],
  ['d'.repeat(128), `sha512 ${'d'.repeat(128)}`],
  ['d'.repeat(33), 'none'],
  [`ja3:${'d'.repeat(32)}`, `ja3 ${'d'.repeat(32)}`],
  [`SHA256=${'d'.repeat(64)}`, `sha256 ${'d'.repeat(64)}`],
  [`sha256:${'d'.repeat(32)}`, 'none'],
  ['AS64496', 'autonomous-system 64496'],
  ['cve-2026-12345', 'vulnerability CVE-2026-12345'],
  ['cve\u20112026\u201112345', 'vulnerability CVE-2026-12345'],
  ['cve-2026-1', 'none'],
  ['AS4294967295', 'autonomous-system 4294967295'],
  ['AS4294967296', 'none'],
  [`JA3S=${'d'.repeat(32)}`, `ja3s ${'d'.repeat(32)}`],
  ['invoice.docm', 'file-name invoice.docm'],
  ['127.0.0.1\texample.com', 'none'],
  ['http://a.example/\tb', 'none'],
  ['0.0.0.0 example.com', 'none'],
  ['*.example.com', 'none'],
  ['C:\\a\0.exe', 'none'],
  ['C:\\a\ud800.exe', 'none'],
  ['HKLM:\\Software\\Run', 'windows-registry-key hkey_local_machine\\software\\run'],
  ['HKLM\\Software\\Run', 'windows-registry-key hkey_local_machine\\software\\run'],
  ['C:\\Windows\\a.exe', 'file-path c:\\windows\\a.exe'],
  ['/etc/passwd', 'file-path /etc/passwd'],
  ['', 'none'],
  ['..', 'none'],
  ['word', 'none'],
  ['two words', 'none'],
  ['version 1.2', 'none'],
  ['1.2', 'none'],
];

describe('a text that is a value', () => {
  it.each(VALUES)('%s is %s', (text, value) => {
    expect(shown(text)).toBe(value);
  });

  it.each(['co.uk', 'github.io', 'co.uk.'])('%s may be a public suffix, with a doubt', (text) => {
    expect(recognise(text)?.doubts.map(({ code }) => code)).toEqual(['public_suffix']);
  });

  it.each([
    ['file-name', 'Evil.com', 'file-name evil.com Evil.com'],
    ['mutex', 'Global\\M', 'mutex Global\\M Global\\M'],
    ['ja3', 'D'.repeat(32), `ja3 ${'d'.repeat(32)} ${'D'.repeat(32)}`],
    ['hash:MD5', 'D'.repeat(32), `md5 ${'d'.repeat(32)} ${'D'.repeat(32)}`],
    ['hash:SHA-1', 'D'.repeat(32), 'none'],
    ['hash', 'd'.repeat(40), `sha1 ${'d'.repeat(40)} ${'d'.repeat(40)}`],
    ['hash', 'example.com', 'none'],
    ['address', '192.0.2.0/24', 'ipv4-cidr 192.0.2.0/24 192.0.2.0/24'],
    ['ipv4-addr', '192.0.2.0/24', 'ipv4-cidr 192.0.2.0/24 192.0.2.0/24'],
    ['ipv6-addr', '192.0.2.0', 'none'],
    ['domain-name', '192.0.2.1', 'none'],
    ['domain-name', 'example[.]com', 'domain-name example.com example.com'],
    ['vulnerability', 'example.com', 'none'],
    ['mutex', 'a\0', 'none'],
    ['mutex', ' ', 'none'],
  ])('that its list calls %s: %s', (kind, text, expected) => {
    const found = recogniseAs(kind, text);
    const told = found ? [found.kind, found.value, found.shown].join(' ') : 'none';
    expect(told).toBe(expected);
  });

  it('longer than 4,096 characters is none', () => {
    const url = (length: number): string => `https://example.com/${'a'.repeat(length - 20)}`;
    expect(recognise(url(4096))?.kind).toBe('url');
    expect(recognise(url(4097))).toBeUndefined();
  });
});

describe('a longer text', () => {
  const values = (text: string): string[] =>
    [...findValues(text)].map(({ kind, value, port }) =>
      [kind, value, ...(port === undefined ? [] : [port])].join(' '),
    );

  it('gives its values in order, each as often as it occurs', () => {
    const text =
      'We saw example.com (192.0.2.7), then hxxp://a[.]example/x. And example.com, again!';
    expect(values(text)).toEqual([
      'domain-name example.com',
      'ipv4-addr 192.0.2.7',
      'url http://a.example/x',
      'domain-name example.com',
    ]);
  });

  it('tells where each of them is', () => {
    const text = 'see (hxxp://a[.]example/x_(y)), [2001:db8::1]:443.';
    const found = [...findValues(text)];
    expect(found.map(({ text: written }) => written)).toEqual([
      'hxxp://a[.]example/x_(y)',
      '[2001:db8::1]:443',
    ]);
    for (const { text: written, index } of found) {
      expect(text.slice(index, index + written.length)).toBe(written);
    }
  });

  it('is full of words that are not values', () => {
    expect(values('e.g. i.e. and/or it.was 1.2.3 Mr.Smith [sic] ... 10:30 a@b')).toEqual([]);
  });

  it.each(['(', '[', '.', ')', ']', 'a.', '[.', '\\.', 'a@', ':', '/', '%'])(
    'takes as long for long runs of %s as for as many in short ones',
    (part) => {
      const cost = (length: number): number => {
        const text = `${part.repeat(length / part.length)} `.repeat(400_000 / length);
        const start = process.cpuUsage();
        for (const _ of findValues(text));
        return process.cpuUsage(start).user;
      };
      cost(500);
      // In proportion to the square of its length, a run eight times as long would take eight times as long.
      const ratios = Array.from({ length: 5 }, () => cost(4000) / Math.max(cost(500), 1000));
      expect(Math.min(...ratios)).toBeLessThan(4);
    },
  );
});

describe.skipIf(!existsSync(REAL_DATA))('the values of published lists', () => {
  it('are recognised as what their list says', async () => {
    const wrong = new Map<string, number>();
    const input = createReadStream(`${REAL_DATA}/values.tsv.gz`).pipe(createGunzip());
    for await (const line of createInterface({ input })) {
      const [kind = '', value = ''] = line.split('\t');
      const found = recognise(value);
      const isAlike =
        kind === 'ip-port'
          ? found?.kind === 'ipv4-addr' && found.port !== undefined
          : found?.kind === kind;
      if (!isAlike)
        wrong.set(`${kind} ${found?.kind}`, (wrong.get(`${kind} ${found?.kind}`) ?? 0) + 1);
    }
    // Networks of one address are that address; two names end as files do.
    expect(Object.fromEntries(wrong)).toEqual({
      'ipv4-cidr ipv4-addr': 3,
      'domain-name file-name': 2,
    });
  });
});
