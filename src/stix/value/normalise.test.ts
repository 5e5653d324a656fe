import { describe, expect, it } from 'vitest';
import { normalise } from './normalise.ts';

const codes = (kind: string, text: string) => {
  const { kind: found, value, doubts } = normalise(kind, text);
  return [found, value, ...doubts.map(({ code }) => code)];
};

const ADDRESSES = [
  ['8.8.8.8', 'ipv4-addr', '8.8.8.8'],
  ['8.8.8.8/32', 'ipv4-addr', '8.8.8.8'],
  ['8.8.8.0/24', 'ipv4-cidr', '8.8.8.0/24'],
  ['8.8.8.8/24', 'ipv4-cidr', '8.8.8.0/24', 'host_bits_set'],
  ['8.8.255.1/17', 'ipv4-cidr', '8.8.128.0/17', 'host_bits_set'],
  ['10.1.2.3', 'ipv4-addr', '10.1.2.3', 'special_purpose_address'],
  ['172.15.255.255', 'ipv4-addr', '172.15.255.255'],
  ['172.16.0.0', 'ipv4-addr', '172.16.0.0', 'special_purpose_address'],
  ['172.31.255.255', 'ipv4-addr', '172.31.255.255', 'special_purpose_address'],
  ['172.32.0.0', 'ipv4-addr', '172.32.0.0'],
  ['203.0.113.255', 'ipv4-addr', '203.0.113.255', 'special_purpose_address'],
  ['203.0.114.0', 'ipv4-addr', '203.0.114.0'],
  ['0.0.0.0/0', 'ipv4-cidr', '0.0.0.0/0', 'whole_internet'],
  ['8.0.0.0/7', 'ipv4-cidr', '8.0.0.0/7', 'wide_network'],
  ['8.0.0.0/8', 'ipv4-cidr', '8.0.0.0/8'],
  ['255.255.255.255', 'ipv4-addr', '255.255.255.255', 'special_purpose_address'],
  ['8.8.8[.]8', 'ipv4-addr', '8.8.8.8', 'defanged_value'],
  [' 8.8.8.8', 'ipv4-addr', '8.8.8.8', 'blank_at_end'],
  ['8.8.8.256', 'ipv4-addr', '8.8.8.256', 'not_an_address'],
  ['8.8.8.08', 'ipv4-addr', '8.8.8.08', 'not_an_address'],
  ['8.8.8', 'ipv4-addr', '8.8.8', 'not_an_address'],
  ['8.8.8.8/33', 'ipv4-addr', '8.8.8.8/33', 'not_an_address'],
  ['8.8.8.8/', 'ipv4-addr', '8.8.8.8/', 'not_an_address'],
  ['8.8.8.8/-1', 'ipv4-addr', '8.8.8.8/-1', 'not_an_address'],
  ['2A00:1450:0:0:0:0:0:1', 'ipv6-addr', '2a00:1450::1'],
  ['2a00:0:0:1::2', 'ipv6-addr', '2a00:0:0:1::2'],
  ['2a00:0:0:1:0:0:0:2', 'ipv6-addr', '2a00:0:0:1::2'],
  ['2a00:0:1:2:3:4:5:6', 'ipv6-addr', '2a00:0:1:2:3:4:5:6'],
  ['2a00::', 'ipv6-addr', '2a00::'],
  ['1:2:3:4:5:6:7::', 'ipv6-addr', '1:2:3:4:5:6:7:0'],
  ['::', 'ipv6-addr', '::', 'special_purpose_address'],
  ['::1', 'ipv6-addr', '::1', 'special_purpose_address'],
  ['::2', 'ipv6-addr', '::2'],
  ['::ffff:8.8.8.8', 'ipv6-addr', '::ffff:808:808', 'special_purpose_address'],
  ['2001:db8:ffff::1', 'ipv6-addr', '2001:db8:ffff::1', 'special_purpose_address'],
  ['2001:db9::1', 'ipv6-addr', '2001:db9::1'],
  ['fdff::1', 'ipv6-addr', 'fdff::1', 'special_purpose_address'],
  ['fe00::1', 'ipv6-addr', 'fe00::1'],
  ['2a00:1450::/33', 'ipv6-cidr', '2a00:1450::/33'],
  ['2a00:1450:ffff::/33', 'ipv6-cidr', '2a00:1450:8000::/33', 'host_bits_set'],
  ['2000::/3', 'ipv6-cidr', '2000::/3', 'wide_network'],
  ['::/0', 'ipv6-cidr', '::/0', 'whole_internet'],
];

const DOMAIN_NAMES = [
  ['www.example.com', 'www.example.com'],
  ['WWW.Example.COM.', 'www.example.com'],
  ['_dmarc.a-b.example.com', '_dmarc.a-b.example.com'],
  ['bücher.example.com', 'xn--bcher-kva.example.com'],
  ['XN--BCHER-KVA.example.com', 'xn--bcher-kva.example.com'],
  ['example[.]com', 'example.com', 'defanged_value'],
  ['example(dot)com', 'example.com', 'defanged_value'],
  ['www[.example.com', 'www.example.com', 'defanged_value'],
  [' example.com', 'example.com', 'blank_at_end'],
  ['exam\u00adple.com', 'example.com', 'invisible_character'],
  ['exam\u202eple.com', 'example.com', 'invisible_character'],
  ['localhost', 'localhost', 'no_top_level_domain'],
  ['report.XML', 'report.xml', 'file_name_as_domain'],
  ['example.com/x', 'example.com/x', 'not_a_domain_name'],
  ['domain example.com', 'domain example.com', 'not_a_domain_name'],
  ['a..example.com', 'a..example.com', 'not_a_domain_name'],
  ['example.123', 'example.123', 'not_a_domain_name'],
  [`${'a'.repeat(64)}.example.com`, `${'a'.repeat(64)}.example.com`, 'not_a_domain_name'],
  [`${'a.'.repeat(127)}com`, `${'a.'.repeat(127)}com`, 'not_a_domain_name'],
  ['', '', 'not_a_domain_name'],
];

const OTHER_KINDS = [
  ['mac-addr', 'D2-FB-49-24-37-18', 'mac-addr', 'd2:fb:49:24:37:18'],
  ['mac-addr', 'd2fb.4924.3718', 'mac-addr', 'd2:fb:49:24:37:18'],
  ['mac-addr', 'd2fb49243718', 'mac-addr', 'd2:fb:49:24:37:18'],
  ['mac-addr', 'd2:fb:49:24:37', 'mac-addr', 'd2:fb:49:24:37', 'not_a_mac_address'],
  ['autonomous-system', 'AS64496', 'autonomous-system', '64496'],
  [
    'windows-registry-key',
    'HKCU\\Software\\\\Run',
    'windows-registry-key',
    'hkey_current_user\\software\\run',
    'hive_abbreviated',
  ],
  ['windows-registry-key', 'HKEY_USERS\\x', 'windows-registry-key', 'hkey_users\\x'],
  ['x509-serial', '0x00:AB:0c', 'x509-serial', 'ab0c'],
  ['x509-serial', '0', 'x509-serial', '0'],
  ['file-name', 'Que\u0302ry.DLL', 'file-name', 'quêry.dll'],
  ['file-name', 'a\u202egpj.exe', 'file-name', 'agpj.exe', 'invisible_character'],
  [
    'command-line',
    'wget hxxp://198.51.100[.]7/x',
    'command-line',
    'wget hxxp://198.51.100[.]7/x',
    'defanged_value',
  ],
  ['mutex', ' Global\\X', 'mutex', 'Global\\X', 'blank_at_end'],
  ['hash:SHA-256', 'ABC', 'sha256', 'abc', 'not_a_hash'],
  ['hash:SHA3-256', 'ab'.repeat(32), 'sha3-256', 'ab'.repeat(32)],
  ['hash:SSDEEP', '3:AbC:dEf', 'ssdeep', '3:AbC:dEf'],
  ['hash:TLSH', `T1${'A1'.repeat(35)}`, 'tlsh', 'a1'.repeat(35)],
  ['x509-hash:SHA-1', 'AB'.repeat(20), 'x509-sha1', 'ab'.repeat(20)],
  ['ja3', 'AB'.repeat(16), 'ja3', 'ab'.repeat(16)],
  ['jarm', 'xyz', 'jarm', 'xyz', 'not_a_hash'],
  ['imphash', 'AB', 'imphash', 'ab'],
  ['constructor', 'x', 'constructor', 'x'],
];

describe('addresses', () => {
  it.each(ADDRESSES)('%s', (text, kind, value, ...doubts) => {
    expect(codes(value.includes(':') ? 'ipv6-addr' : 'ipv4-addr', text)).toEqual([
      kind,
      value,
      ...doubts,
    ]);
  });

  it.each([
    '1:2:3',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    ':::',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7:8::',
    '::1.2.3',
    '::1.2.3.4.5',
    'x'.repeat(4000),
  ])('%.40s is not an IPv6 address', (text) => {
    expect(codes('ipv6-addr', text)).toContain('not_an_address');
  });
});

describe('domain names', () => {
  it.each(DOMAIN_NAMES)('%s', (text, value, ...doubts) => {
    expect(codes('domain-name', text)).toEqual(['domain-name', value, ...doubts]);
  });

  it('an address in the place of a name becomes one', () => {
    expect(codes('domain-name', '8.8.8[.]8')).toEqual([
      'ipv4-addr',
      '8.8.8.8',
      'defanged_value',
      'address_as_domain',
    ]);
  });
});

describe('URLs and mail addresses', () => {
  it.each([
    ['HTTPS://Example.com:443/a/../B?q=1#f', 'https://example.com/B?q=1#f'],
    ['http://bücher.example.com', 'http://xn--bcher-kva.example.com/'],
    ['http://[2001:db8::1]/', 'http://[2001:db8::1]/'],
    ['hxxps://example[.]com/x', 'https://example.com/x', 'defanged_value'],
    ['hxxp[://]example[.]com', 'http://example.com/', 'defanged_value'],
    ['fxp://example.com', 'ftp://example.com/', 'defanged_value'],
    ['https://example.com/a ', 'https://example.com/a', 'blank_at_end'],
    ['example.com/a', 'example.com/a', 'url_without_scheme'],
    ['example.com:8080/a', 'example.com:8080/a', 'url_without_scheme'],
    ['localhost:8080', 'localhost:8080', 'url_without_scheme'],
    ['data:text/plain;base64,QQ==', 'data:text/plain;base64,QQ=='],
    ['MAILTO:a@example.com', 'mailto:a@example.com'],
    ['tel:112', 'tel:112'],
    ['urn:uuid:8e2e2d2b', 'urn:uuid:8e2e2d2b'],
    ['https://example.com/?a[at]=1&b[.]=2', 'https://example.com/?a[at]=1&b[.]=2'],
    ['https://example.com/#a[at]', 'https://example.com/#a[at]'],
    ['https://example.com/a[at]b', 'https://example.com/a[at]b'],
    ['hxxps://example.com/?a[at]=1', 'https://example.com/?a[at]=1', 'defanged_value'],
    ['https://example.com/a[.]php?b[.]c', 'https://example.com/a.php?b[.]c', 'defanged_value'],
    ['https://', 'https://', 'not_a_url'],
    ['http://1.2.3.999/', 'http://1.2.3.999/', 'not_a_url'],
  ])('%s', (text, value, ...doubts) => {
    expect(codes('url', text)).toEqual(['url', value, ...doubts]);
  });

  it.each([
    ['John.Doe@Example.COM', 'john.doe@example.com'],
    ['john[@]example[.]com', 'john@example.com', 'defanged_value'],
    ['john(at)example.com', 'john@example.com', 'defanged_value'],
    ['example.com', 'example.com', 'not_an_email_address'],
    ['a b@example.com', 'a b@example.com', 'not_an_email_address'],
    ['a@', 'a@', 'not_an_email_address'],
    ['@example.com', '@example.com', 'not_an_email_address'],
  ])('%s', (text, value, ...doubts) => {
    expect(codes('email-addr', text)).toEqual(['email-addr', value, ...doubts]);
  });
});

describe('other kinds', () => {
  it('a value that is too long is kept and told', () => {
    const text = `https://example.com/${'A'.repeat(4100)}`;
    expect(codes('url', text)).toEqual(['url', text, 'value_too_long']);
    expect(codes('mutex', 'A'.repeat(4096))).toEqual(['mutex', 'A'.repeat(4096)]);
  });

  it.each(OTHER_KINDS)('%s %s', (given, text, kind, value, ...doubts) => {
    expect(codes(given, text)).toEqual([kind, value, ...doubts]);
  });
});
