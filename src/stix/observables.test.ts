import { describe, expect, it } from 'vitest';
import { contentKey } from './content-key.ts';
import { observablesOf } from './observables.ts';
import { parsePattern } from './pattern/parser.ts';
import type { StixObject } from './object.ts';
import { patternValues } from './pattern/observables.ts';

const indicator = (pattern: string, patternType = 'stix') => ({
  type: 'indicator',
  id: 'indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f',
  pattern,
  pattern_type: patternType,
});
const shortOf = (pattern: string): string[] =>
  observablesOf(indicator(pattern)).map(({ kind, value, role }) => `${role} ${kind} ${value}`);
const MD5 = 'D41D8CD98F00B204E9800998ECF8427E';
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const PATTERNS: [pattern: string, observables: string[]][] = [
  ["[domain-name:value = 'WWW.Example.com.']", ['sole domain-name www.example.com']],
  ["[domain-name:value NOT != 'example.com']", ['sole domain-name example.com']],
  ["([domain-name:value = 'example.com']) REPEATS 2 TIMES", ['sole domain-name example.com']],
  [
    "[domain-name:value != 'example.com' OR url:value NOT = 'https://example.com/']",
    ['excluded domain-name example.com', 'excluded url https://example.com/'],
  ],
  ["[domain-name:value NOT IN ('a.example.com')]", ['excluded domain-name a.example.com']],
  ["[domain-name:value LIKE '%.Example.com']", ['sole subdomains example.com']],
  [
    "[domain-name:value LIKE '%example.com' OR file:name = 'a']",
    ['alternative subdomains example.com', 'alternative file-name a'],
  ],
  ["[domain-name:value NOT LIKE '%.example.com']", ['excluded subdomains example.com']],
  [
    "[domain-name:value LIKE '%.a_b.example.com' OR domain-name:value LIKE 'a%' OR domain-name:value LIKE '%.com']",
    [],
  ],
  [
    "[domain-name:value IN ('a.example.com', 'b.example.com')]",
    ['alternative domain-name a.example.com', 'alternative domain-name b.example.com'],
  ],
  ["[domain-name:value IN ('a.example.com')]", ['sole domain-name a.example.com']],
  ["[file:name = 'A.exe' AND file:size = 5]", ['part file-name a.exe']],
  ["[file:name = 'a'] OR [mutex:name = 'B']", ['alternative file-name a', 'alternative mutex B']],
  [
    "[file:name = 'a'] FOLLOWEDBY [mutex:name = 'B' OR mutex:name = 'C']",
    ['part file-name a', 'part mutex B', 'part mutex C'],
  ],
  [
    "([file:name = 'a'] AND [mutex:name = 'B']) OR [url:value = 'https://EXAMPLE.com']",
    ['part file-name a', 'part mutex B', 'alternative url https://example.com/'],
  ],
  [
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.33/32']",
    ['sole ipv4-addr 203.0.113.33'],
  ],
  ["[network-traffic:dst_ref.value ISSUBSET '2001:0db8:0::/64']", ['sole ipv6-cidr 2001:db8::/64']],
  [
    "[network-traffic:src_ref.value = 'example.com' OR network-traffic:src_ref.value = '0A-1b-2c-3d-4e-5f']",
    ['alternative domain-name example.com', 'alternative mac-addr 0a:1b:2c:3d:4e:5f'],
  ],
  [`[file:hashes.md5 = '${MD5}']`, ['sole md5 d41d8cd98f00b204e9800998ecf8427e']],
  [`[x509-certificate:hashes.MD5 = '${MD5}']`, ['sole x509-md5 d41d8cd98f00b204e9800998ecf8427e']],
  [
    `[x-net:tls.ja3_hash = '${MD5}' OR network-traffic:x_jarm = '${MD5.repeat(2).slice(2)}']`,
    [
      `alternative ja3 ${MD5.toLowerCase()}`,
      `alternative jarm ${MD5.repeat(2).slice(2).toLowerCase()}`,
    ],
  ],
  ['[autonomous-system:number = 64496]', ['sole autonomous-system 64496']],
  ["[app:id = 'com.Example.App']", ['sole app:id com.Example.App']],
  [
    "[email-message:body_multipart[*].body_raw_ref.name = 'x' OR email-message:to_refs[*].value = 'A@Example.com']",
    ['alternative email-addr a@example.com'],
  ],
  ["[file:name LIKE 'a%' OR file:name MATCHES 'b' OR file:size > 5 OR file:name = h'00']", []],
  [
    "[file:name = 'a' AND file:name = 'b'] OR [file:name = 'a']",
    ['alternative file-name a', 'part file-name b'],
  ],
  ['no pattern', []],
];

const object = (type: string, properties: object) => ({ type, id: `${type}--x`, ...properties });

const OWN_VALUES: [object: StixObject, observables: string[]][] = [
  [object('domain-name', { value: 'Example.COM' }), ['domain-name example.com']],
  [object('ipv4-addr', { value: '198.51.100.9/24' }), ['ipv4-cidr 198.51.100.0/24']],
  [object('autonomous-system', { number: 64496, name: 'x' }), ['autonomous-system 64496']],
  [
    object('file', { name: 'A.TXT', hashes: { MD5, 'SHA-1': 'x', own: 'y' } }),
    ['file-name a.txt', 'md5 d41d8cd98f00b204e9800998ecf8427e', 'sha1 x', 'own y'],
  ],
  [
    object('x509-certificate', { serial_number: '00:AB', issuer: 'CN=a' }),
    ['x509-serial ab', 'x509-issuer CN=a'],
  ],
  [
    object('windows-registry-key', { key: 'HKLM\\Software\\X\\' }),
    ['windows-registry-key hkey_local_machine\\software\\x'],
  ],
  [object('process', { command_line: 'a -b', pid: 3 }), ['command-line a -b']],
  [object('identity', { name: 'x', value: 'y' }), []],
  [object('url', { value: 7, hashes: null }), ['url 7']],
];

describe('observablesOf an indicator', () => {
  it.each(PATTERNS)('%s', (pattern, expected) => {
    expect(shortOf(pattern)).toEqual(expected);
  });

  it.each([
    [
      `[file:hashes.MD5 = '${MD5}' AND file:hashes.'SHA-256' = '${SHA256}' AND file:name = 'a']`,
      [1, 1, undefined],
    ],
    [`[file:hashes.MD5 = '${MD5}' OR (file:hashes.sha256 = '${SHA256}')]`, [1, 1]],
    [
      `[(file:hashes.MD5 = 'a' AND file:hashes.SSDEEP = 'b') OR (file:hashes.MD5 = 'c' AND file:hashes.TLSH = 'd')]`,
      [1, 1, 2, 2],
    ],
    // Several files, of which nobody knows which hash is whose.
    [
      `[file:hashes.MD5 = '${MD5}' OR file:hashes.MD5 = 'b' OR file:hashes.sha256 = '${SHA256}']`,
      [undefined, undefined, undefined],
    ],
    [`[file:hashes.MD5 = '${MD5}'] OR [file:hashes.sha256 = '${SHA256}']`, [undefined, undefined]],
    [`[file:hashes.MD5 = '${MD5}' AND file:hashes.sha256 != '${SHA256}']`, [undefined, undefined]],
    [
      `[file:hashes.MD5 = '${MD5}' AND artifact:hashes.sha256 = '${SHA256}']`,
      [undefined, undefined],
    ],
  ])('numbers the files whose hashes stand together: %s', (pattern, files) => {
    expect(observablesOf(indicator(pattern)).map(({ file }) => file)).toEqual(files);
  });

  it('tells excluded values and doubts to those who ask', () => {
    const values = patternValues(
      parsePattern("[file:name = 'a' AND ipv4-addr:value != '10.0.0.1']"),
    );
    expect(values.map(({ role, at }) => [role, at])).toEqual([
      ['part', 1],
      ['excluded', 21],
    ]);
    expect(values[1]?.doubts).toMatchObject([{ code: 'special_purpose_address' }]);
  });

  it('leaves out what is too long to look up', () => {
    expect(shortOf(`[mutex:name = '${'x'.repeat(4097)}' OR mutex:name = 'y']`)).toEqual([
      'alternative mutex y',
    ]);
    expect(observablesOf({ type: 'mutex', id: 'x', name: 'x'.repeat(4097) })).toEqual([]);
  });

  it('draws nothing out of other languages', () => {
    expect(observablesOf(indicator("[file:name = 'a']", 'sigma'))).toEqual([]);
  });
});

describe('observablesOf a cyber-observable object', () => {
  it.each(OWN_VALUES)('%j', (given, expected) => {
    expect(observablesOf(given).map(({ kind, value }) => `${kind} ${value}`)).toEqual(expected);
  });
});

describe('contentKey', () => {
  const key = contentKey(indicator("[domain-name:value = 'example.com' OR file:size = 1]"));

  it('is the same for the same thing', () => {
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(contentKey(indicator("[file:size=1 OR domain-name:value='EXAMPLE.com']"))).toBe(key);
    expect(contentKey(indicator('rule x {}\r\n', 'yara'))).toBe(
      contentKey(indicator('rule x {}', 'yara')),
    );
  });

  it('is another for another thing', () => {
    expect(contentKey(indicator("[domain-name:value = 'example.com' OR file:size = 2]"))).not.toBe(
      key,
    );
    expect(contentKey(indicator('x', 'yara'))).not.toBe(contentKey(indicator('x', 'sigma')));
  });

  it('is none where there is no pattern', () => {
    expect(contentKey(indicator('x'))).toBeUndefined();
    expect(contentKey({ type: 'malware', id: 'x', pattern: '[a:b = 1]' })).toBeUndefined();
  });
});
