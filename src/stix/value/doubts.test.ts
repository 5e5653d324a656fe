/** The exact texts about suspicious values, and their bounds. */
import { describe, expect, it } from 'vitest';
import { asciiName } from './domain.ts';
import { hashAlgorithmName, isKnownHashForm, normalHash } from './hash.ts';
import { kindOfPath } from './kind.ts';
import { normalise } from './normalise.ts';

const told = (kind: string, text: string) =>
  normalise(kind, text).doubts.map(({ code, detail }) => `${code}: ${detail}`);
const codes = (kind: string, text: string) => normalise(kind, text).doubts.map(({ code }) => code);

describe('what is reported', () => {
  it.each([
    ['ipv4-addr', '0.0.0.0/0', 'whole_internet: covers the whole internet'],
    ['ipv4-addr', '8.0.0.0/7', 'wide_network: is a very wide network (/7)'],
    ['ipv4-addr', '10.0.0.1', 'special_purpose_address: is in a special-purpose range (private)'],
    ['ipv4-addr', '8.8.8.8/24', 'host_bits_set: has bits set beyond its prefix length'],
    ['ipv4-addr', 'x', 'not_an_address: is not an IP address or network'],
    ['domain-name', '8.8.8.8', 'address_as_domain: is an address, not a name'],
    ['domain-name', 'a b.example.com', 'not_a_domain_name: is not a domain name'],
    ['domain-name', 'host', 'no_top_level_domain: is a name without a top-level domain'],
    ['domain-name', 'setup.exe', 'file_name_as_domain: looks like the name of a file'],
    ['domain-name', 'example.123', 'not_a_domain_name: has a number as its top-level domain'],
    [
      'domain-name',
      'a\u00adb.example.com',
      'invisible_character: contains the invisible character U+00AD',
    ],
    [
      'domain-name',
      'a\u200bb.example.com',
      'invisible_character: contains the invisible character U+200B',
    ],
    ['url', 'https://example.com/ ', 'blank_at_end: begins or ends with whitespace'],
    ['url', 'hxxps://example.com/', 'defanged_value: is defanged; consumers will not match it'],
    ['url', 'example.com', 'url_without_scheme: has no scheme such as https://'],
    ['url', 'https://', 'not_a_url: cannot be read as a URL'],
    ['email-addr', 'nobody', 'not_an_email_address: is not a mail address'],
    ['mac-addr', 'd2:fb', 'not_a_mac_address: is not a MAC address'],
    [
      'windows-registry-key',
      'HKLM\\Software',
      'hive_abbreviated: abbreviates the name of its hive',
    ],
    ['hash:MD5', 'abc', 'not_a_hash: is not a valid MD5 hash'],
    ['jarm', 'abc', 'not_a_hash: is not a valid jarm fingerprint'],
    [
      'mutex',
      'm'.repeat(4097),
      'value_too_long: is longer than 4096 characters and cannot be looked up',
    ],
  ])('of %s %.30s', (kind, text, expected) => {
    expect(told(kind, text)).toEqual([expected]);
  });

  it('of several doubts: all of them, the text before its meaning', () => {
    expect(codes('ipv4-addr', ' 10.0.0[.]1/8')).toEqual([
      'blank_at_end',
      'defanged_value',
      'special_purpose_address',
      'host_bits_set',
    ]);
    expect(codes('domain-name', '10.0.0[.]1')).toEqual([
      'defanged_value',
      'address_as_domain',
      'special_purpose_address',
    ]);
    expect(codes('ipv6-addr', '::1/0')).toEqual(['whole_internet', 'host_bits_set']);
  });
});

describe('addresses', () => {
  it.each([
    ['/8', 'not_an_address'],
    ['/', 'not_an_address'],
    ['1:2:3:4:5:6:7:g', 'not_an_address'],
    ['g:2:3:4:5:6:7:8', 'not_an_address'],
    ['1.2.3.4.5::', 'not_an_address'],
    ['::ffff:8.8.8.300', 'not_an_address'],
    ['2a00:1450:4001:81b:0:0:300.1.1.1', 'not_an_address'],
  ])('%s is none', (text, code) => {
    expect(codes('ipv6-addr', text)).toEqual([code]);
  });

  it.each([
    // The longest way to write one, RFC 4291 section 2.2.
    ['2a00:1450:4001:081b:1111:2222:255.255.255.255', '2a00:1450:4001:81b:1111:2222:ffff:ffff'],
    // RFC 5952 section 4.2.2: one group of zeros is not shortened; 4.2.3: the first of equal runs.
    ['2a00:0:1:1:1:1:1:1', '2a00:0:1:1:1:1:1:1'],
    ['2a00:0:0:1:1:0:0:1', '2a00::1:1:0:0:1'],
    ['2a00:1:1:1:1:1:0:0', '2a00:1:1:1:1:1::'],
    ['2a00:1:0:0:1:0:0:0', '2a00:1:0:0:1::'],
  ])('%s is written %s', (text, value) => {
    expect(normalise('ipv6-addr', text)).toMatchObject({ kind: 'ipv6-addr', value });
  });

  it.each([
    ['9.255.255.255', []],
    ['11.0.0.0', []],
    ['192.0.0.0/16', []],
    ['100.0.0.0/9', []],
    ['100.64.0.0/11', ['special_purpose_address']],
    ['100.63.255.255', []],
    ['100.127.255.255', ['special_purpose_address']],
    ['100.128.0.0', []],
    ['198.17.255.255', []],
    ['198.19.255.255', ['special_purpose_address']],
    ['198.20.0.0', []],
    ['169.254.1.1', ['special_purpose_address']],
    ['169.255.0.0', []],
  ])('%s: %j', (text, expected) => {
    expect(codes('ipv4-addr', text)).toEqual(expected);
  });
});

describe('domain names', () => {
  const label = 'a'.repeat(63);
  /** 253 characters: the longest name, RFC 1035 section 2.3.4. */
  const longest = `${label}.${label}.${label}.${'b'.repeat(57)}.com`;

  it('have at most 253 characters, the dot at the end aside', () => {
    expect(longest).toHaveLength(253);
    expect(codes('domain-name', longest)).toEqual([]);
    expect(codes('domain-name', longest.toUpperCase())).toEqual([]);
    expect(normalise('domain-name', `${longest}.`)).toMatchObject({ value: longest, doubts: [] });
    expect(codes('domain-name', `b${longest}`)).toEqual(['not_a_domain_name']);
    expect(asciiName(`B${longest}`)).toBeUndefined();
  });

  it('are not mapped where they are far too long', () => {
    expect(asciiName(`${'ü'.repeat(50)}.example.com`)).toMatch(/^xn--/);
    expect(asciiName('\u00ad'.repeat(1012 - 11) + 'example.com')).toBe('example.com');
    expect(asciiName('\u00ad'.repeat(1013 - 11) + 'example.com')).toBeUndefined();
  });
});

describe('hashes', () => {
  it.each([
    ['SHA-256', 'SHA-256'],
    ['sha256', 'SHA-256'],
    ['Sha-256', 'SHA-256'],
    ['sha_256', 'SHA-256'],
    ['SHA3_512', 'SHA3-512'],
    ['Ripemd-160', 'RIPEMD-160'],
    ['Md5', 'MD5'],
    ['my-own', 'my-own'],
  ])('%s is %s', (given, name) => {
    expect(hashAlgorithmName(given)).toBe(name);
  });

  it.each([
    ['MD5', 32],
    ['SHA-1', 40],
    ['SHA-224', 56],
    ['SHA-256', 64],
    ['SHA-384', 96],
    ['SHA-512', 128],
    ['SHA3-224', 56],
    ['SHA3-256', 64],
    ['SHA3-384', 96],
    ['SHA3-512', 128],
    ['RIPEMD-160', 40],
    ['WHIRLPOOL', 128],
    ['TLSH', 70],
  ])('%s has %i digits (section 10.7)', (algorithm, digits) => {
    expect(isKnownHashForm(algorithm, 'a'.repeat(digits))).toBe(true);
    expect(isKnownHashForm(algorithm, 'a'.repeat(digits - 1))).toBe(false);
    expect(isKnownHashForm(algorithm, 'a'.repeat(digits + 1))).toBe(false);
    expect(isKnownHashForm(algorithm, 'g'.repeat(digits))).toBe(false);
  });

  it('of TLSH are looked up without the version in front, all others as long as they are', () => {
    const digits = 'ab'.repeat(35);
    expect(normalHash('TLSH', `T1${digits}`)).toEqual({ kind: 'tlsh', value: digits });
    expect(normalHash('tlsh', digits)).toEqual({ kind: 'tlsh', value: digits });
    expect(normalHash('own', `T1${digits}`)).toEqual({ kind: 'own', value: `t1${digits}` });
  });
});

describe('other values', () => {
  it.each([
    ['autonomous-system', ' as64500 ', '64500'],
    ['autonomous-system', 'OASIS', 'OASIS'],
    ['x509-serial', ' 0X0AF0 ', 'af0'],
    ['x509-serial', 'a0x0', 'a0x0'],
    ['x509-serial', '1001', '1001'],
    ['ja3s', ` ${'A'.repeat(32)} `, 'a'.repeat(32)],
    ['process-name', 'Que\u0302ry.EXE', 'quêry.exe'],
    ['mac-addr', '00-00-5E-00-53-01', '00:00:5e:00:53:01'],
  ])('%s %s is looked up as %s', (kind, text, value) => {
    expect(normalise(kind, text)).toMatchObject({ kind, value, doubts: [] });
  });

  it.each([
    ['HKLM\\A\\', 'hkey_local_machine\\a'],
    ['hkcu\\A', 'hkey_current_user\\a'],
    ['HKCR', 'hkey_classes_root'],
    ['HKU\\S-1-5', 'hkey_users\\s-1-5'],
    ['HKCC\\A', 'hkey_current_config\\a'],
    ['constructor\\A', 'constructor\\a'],
    ['', ''],
  ])('the registry key %s is looked up as %s', (text, value) => {
    expect(normalise('windows-registry-key', text).value).toBe(value);
  });

  it.each(['00:00:5e:00:53:01:ff', '00005e0053', `${'0'.repeat(12)}:`, '00:00:5e-00-53:0g'])(
    '%s is not a MAC address',
    (text) => {
      expect(codes('mac-addr', text)).toEqual(['not_a_mac_address']);
    },
  );

  it('keep the brackets that may be meant (paths, commands, hashes)', () => {
    for (const kind of ['file-name', 'file-path', 'mutex', 'user-agent', 'command-line']) {
      expect(normalise(kind, 'a(dot)b').doubts).toEqual([]);
      expect(normalise(kind, 'a[.]b')).toMatchObject({
        value: 'a[.]b',
        doubts: [{ code: 'defanged_value' }],
      });
    }
  });

  it('are undone only where they begin so', () => {
    expect(normalise('url', 'https://example.com/?u=hxxp:x').value).toBe(
      'https://example.com/?u=hxxp:x',
    );
    expect(normalise('url', 'hxxps://example.com/fxp').value).toBe('https://example.com/fxp');
    expect(normalise('url', 'fxp://example.com/hxxp').value).toBe('ftp://example.com/hxxp');
  });
});

describe('kindOfPath', () => {
  it.each([
    ['domain-name', ['value'], 'domain-name'],
    ['file', ['hashes', 'SHA-256'], 'hash:SHA-256'],
    ['file', ['hashes', 'sha256'], 'hash:SHA-256'],
    ['file', ['hashes'], undefined],
    ['file', ['hashes', 'MD5', 'x'], undefined],
    ['file', ['size'], undefined],
    ['file', ['x_own', 'MD5'], undefined],
    ['url', ['hashes', 'MD5'], undefined],
    ['x509-certificate', ['hashes', 'SHA-1'], 'x509-hash:SHA-1'],
    ['network-traffic', ['extensions', 'tls-ext', 'ja3_hash'], 'ja3'],
    ['network-traffic', ['x_JA3S'], 'ja3s'],
    ['x-own', ['x-jarm_fingerprint'], 'jarm'],
    ['x-own', ['myjarm'], 'x-own:myjarm'],
    ['app', ['id'], 'app:id'],
    ['app', ['a', 'b'], 'app:a.b'],
    ['app', ['i'.repeat(246)], `app:${'i'.repeat(246)}`],
    ['app', ['i'.repeat(247)], undefined],
    ['constructor', ['name'], 'constructor:name'],
    ['file', ['constructor'], undefined],
  ])('%s %j is %s', (type, keys, kind) => {
    expect(kindOfPath(type, keys)).toBe(kind);
  });
});
