import { describe, expect, it } from 'vitest';
import { OTHER_PATTERN_BYTES_MAX, checkPattern } from './check.ts';
import { plainPatternWarnings } from './plain.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const codesOf = (pattern: string, type = 'stix') => {
  const { errors, warnings } = checkPattern(pattern, type);
  return { errors: errors.map(({ code }) => code), warnings: warnings.map(({ code }) => code) };
};

const ERRORS: [pattern: string, codes: string[]][] = [
  [`[file:hashes.MD5 = '${MD5}']`, []],
  [`[file:hashes[*] = 'x']`, []],
  [`[file:hashes.MD5 LIKE 'd41%']`, []],
  [`[file:hashes.'OWN-HASH' = 'x']`, []],
  [`[file:hashes.'SHA-256' = 'f00']`, ['invalid_hash']],
  [`[file:hashes.MD5 IN ('${MD5}', 'x', 'y')]`, ['invalid_hash', 'invalid_hash']],
  [`[file:extensions.'windows-pebinary-ext'.sections[0].hashes.MD5 != 'x']`, ['invalid_hash']],
  [`[file:size = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS`, ['duplicate_qualifier']],
  [`([file:size = 1] REPEATS 2 TIMES REPEATS 3 TIMES)`, ['duplicate_qualifier']],
  [`[file:size = 1] WITHIN 5 SECONDS REPEATS 3 TIMES WITHIN 5 SECONDS`, ['duplicate_qualifier']],
  [`([file:size = 1] WITHIN 5 SECONDS) WITHIN 6 SECONDS`, []],
  [`([file:size = 1]) WITHIN 5 SECONDS WITHIN 6 SECONDS`, []],
  [`[file:size = 1] REPEATS 0 TIMES`, ['qualifier_not_positive']],
  [`([file:size = 1]) WITHIN 0.0 SECONDS`, ['qualifier_not_positive']],
  [`[file:size = 1] WITHIN .1 SECONDS REPEATS +1 TIMES`, []],
  [`[file:size IN (1, 'a')]`, ['mixed_set']],
  [`[file:size NOT IN (true, 1.5)]`, ['mixed_set']],
  [`[file:size IN (1, 2.5, -3)]`, []],
  [`[file:size IN ()]`, []],
  [`[file:size = ]`, ['pattern_syntax']],
  [`[file:name = '${'x'.repeat(262_144)}']`, ['pattern_too_long']],
];

/** A value that cannot be of the kind that its path names. */
const IMPOSSIBLE: [pattern: string, code: string][] = [
  ["[ipv4-addr:value = '203.0.113.300']", 'not_an_address'],
  ["[ipv4-addr:value = '1.2.3']", 'not_an_address'],
  ["[ipv4-addr:value != '1.2.3.4:80']", 'not_an_address'],
  ["[ipv6-addr:value IN ('2001:db8::1', '2001:db8::g')]", 'not_an_address'],
  ["[ipv4-addr:value ISSUBSET 'x']", 'not_an_address'],
  ["[ipv4-addr:value ISSUPERSET '192.0.2.0/33']", 'not_an_address'],
  ["[mac-addr:value = 'd2:fb']", 'not_a_mac_address'],
  ["[file:hashes.MD5 = 'zzzz']", 'invalid_hash'],
];

const WARNINGS: [pattern: string, codes: string[]][] = [
  [`[file:size = 1 AND process:pid = 1]`, ['mixed_object_types']],
  [`[file:size = 1 OR process:pid = 1]`, []],
  [`[file:size = 1 AND (process:pid = 1)]`, ['mixed_object_types']],
  [`[file:size = 1 AND (file:size = 2 OR process:pid = 1)]`, []],
  [
    `[(file:size = 1 OR url:value = 'ftp://example.com/') AND process:pid = 1]`,
    ['mixed_object_types'],
  ],
  [`[(file:size = 1 AND process:pid = 1) AND mutex:name = 'x']`, ['mixed_object_types']],
  [`[app:id = 'x']`, ['unknown_object_type']],
  [`[x-own:id = 'x']`, []],
  [`[file:hashez.MD5 = '${MD5}']`, ['unknown_property']],
  [`[ipv4-addr:valeu = '198.51.100.7']`, ['unknown_property']],
  [`[process:name = 'a.exe']`, ['unknown_property']],
  [`[file:x_own = 'x' AND file:extensions.x_other.y = 'z']`, []],
  [`[network-traffic:dst_ref.value = 'example.com' AND network-traffic:x_own = 'x']`, []],
  [
    `[windows-registry-key:values[*].data = 'x' OR email-message:to_refs[*].value = 'a@example.com']`,
    [],
  ],
  [`[file:ctime = t'2023-02-29T00:00:00Z']`, ['impossible_date']],
  [
    `[file:size = 1] START t'2023-02-30T00:00:00Z' STOP t'2023-03-01T00:00:00Z'`,
    ['impossible_date'],
  ],
  [`[file:size = 1] START t'2023-03-01T00:00:00Z' STOP t'2023-03-01T00:00:00Z'`, ['empty_window']],
  [`[file:size = 1] START t'2023-03-01T00:00:00Z' STOP t'2023-03-02T00:00:00Z'`, []],
  [`[x-own:range ISSUBSET 'x']`, ['not_an_address']],
  [`[x-own:range ISSUBSET '2001:db8::/32']`, []],
  [`[x-own:range ISSUPERSET '192.0.2.1']`, []],
  [`([file:name MATCHES '('] OR [file:name NOT MATCHES 'ok'])`, ['doubtful_regex']],
  [`[url:value = 'hxxp://198.51.100[.]7/a']`, ['defanged_value']],
  [`[url:value = 'https://example.com/ ']`, ['blank_at_end']],
  [`[ipv4-addr:value IN ('10.0.0.1', '0.0.0.0/0')]`, ['special_purpose_address', 'whole_internet']],
  [`[domain-name:value = 'a\u200bb.example.com']`, ['invisible_character']],
];

const PLAIN = [
  "[domain-name:value = 'www.example.com']",
  "[domain-name:value='a_b-c.example.co']",
  "[domain-name:value = 'setup.exe']",
  "[domain-name:value = '198.51.100.7']",
  "[domain-name:value = 'xn--a.example.com']",
  "[domain-name:value = 'a..b']",
  "[ipv4-addr:value = '10.1.2.3']",
  "[ipv4-addr:value='1.2.3.4']",
  "[ipv4-addr:value = '1.2.3.0/24']",
  "[ipv6-addr:value = '2001:db8::1']",
  "[url:value = 'https://example.com/a?b=c']",
  "[url:value='http://example.com/']",
  "[url:value = 'https://xn--a.example/']",
  "[url:value = 'http://1.2.3.4/a']",
  "[url:value = 'http://example.0x1/']",
  "[url:value = 'https://example.com/(dot)']",
  "[url:value = 'https://example.com:99999/']",
  "[url:value = 'hxxp://example.com/a']",
  "[url:value = 'example.com/a']",
  "[url:value = 'hxxps://example[.]com']",
  "[email-addr:value = 'a@example.com']",
  "[email-addr:value = 'a']",
  `[file:hashes.MD5 = '${MD5}']`,
  `[file:hashes.'SHA-1' = '${MD5}01234567']`,
  `[file:hashes.sha256='${MD5}${MD5}']`,
  "[file:name = 'a-b.exe']",
  "[mutex:name='x']",
];

describe('checkPattern', () => {
  it.each([
    [
      `[file:hashez.MD5 = '${MD5}']`,
      "'hashez' is not a property of file. Did you mean 'hashes'? (column 2)",
    ],
    [
      "[ipv4-addr:valeu = '198.51.100.7']",
      "'valeu' is not a property of ipv4-addr. Did you mean 'value'? (column 2)",
    ],
    [
      "[ipv4-adr:value = '198.51.100.7']",
      "'ipv4-adr' is not an object type. Did you mean 'ipv4-addr'? (column 2)",
    ],
    ["[url:zzzzzz = 'x']", "'zzzzzz' is not a property of url (column 2)"],
  ])('says what was probably meant in %s', (pattern, detail) => {
    const found = checkPattern(pattern, 'stix');
    expect(found.warnings.map((one) => one.detail)).toEqual([detail]);
  });

  it.each(ERRORS)('errors of %.80s', (pattern, errors) => {
    expect(codesOf(pattern).errors).toEqual(errors);
  });

  it.each(IMPOSSIBLE)('%s is rejected', (pattern, code) => {
    expect(codesOf(pattern).errors).toEqual([code]);
    expect(plainPatternWarnings(pattern)).toBeUndefined();
  });

  it.each([
    ["[url:value = 'hxxps://www.example[.]com/']", "'hxxps://www.example[.]com/' is defanged"],
    ["[domain-name:value = 'WWW[.]example.com']", "'WWW[.]example.com' is defanged"],
    [
      "[domain-name:value = 'a\u200bb.example.com']",
      "'a\\u{200b}b.example.com' contains the invisible",
    ],
  ])('quotes the value of %s as it was given', (pattern, detail) => {
    const { warnings } = checkPattern(pattern, 'stix');
    expect(warnings.map((warning) => warning.detail)).toEqual([expect.stringContaining(detail)]);
  });

  it.each(WARNINGS)('warnings on %s', (pattern, warnings) => {
    expect(codesOf(pattern)).toEqual({ errors: [], warnings });
  });

  it('says where, and by which clause', () => {
    const { warnings } = checkPattern("[file:size = 1 OR url:value = 'example.com']", 'stix');
    expect(warnings).toEqual([
      {
        code: 'url_without_scheme',
        path: '$.pattern',
        detail: "'example.com' has no scheme such as https:// (column 19)",
        clause: 'STIX 2.1 section 9',
      },
    ]);
  });

  it('tells at most 20 warnings', () => {
    const values = Array.from({ length: 30 }, (_, index) => `'10.0.0.${index}'`);
    const { warnings } = checkPattern(`[ipv4-addr:value IN (${values.join(', ')})]`, 'stix');
    expect(warnings).toHaveLength(20);
    expect(warnings.at(-1)).toMatchObject({
      code: 'more_warnings',
      detail: '11 more warnings on this pattern',
    });
  });

  it('keeps the patterns of other languages as text', () => {
    expect(codesOf('alert tcp any any -> any any', 'snort').errors).toEqual([]);
    expect(codesOf('rule x { condition: true }', 'yara').errors).toEqual([]);
    expect(codesOf(' \n', 'sigma').errors).toEqual(['pattern_empty']);
    expect(codesOf('x'.repeat(OTHER_PATTERN_BYTES_MAX), 'yara').errors).toEqual([]);
    expect(codesOf('x'.repeat(OTHER_PATTERN_BYTES_MAX + 1), 'yara').errors).toEqual([
      'pattern_too_long',
    ]);
    expect(checkPattern(7, 'stix').errors).toMatchObject([{ code: 'wrong_type' }]);
  });
});

describe('plainPatternWarnings', () => {
  it.each(["[process:name = 'a.exe']", "[file:nmae = 'a.exe']"])(
    'leaves %s, which has a property that is unknown, to checkPattern',
    (pattern) => {
      expect(plainPatternWarnings(pattern)).toBeUndefined();
      expect(codesOf(pattern).warnings).toEqual(['unknown_property']);
    },
  );

  it.each(PLAIN)('says of %s what checkPattern says', (pattern) => {
    expect(plainPatternWarnings(pattern)).toEqual(checkPattern(pattern, 'stix').warnings);
    expect(checkPattern(pattern, 'stix').errors).toEqual([]);
  });

  it.each([
    "[domain-name:value = 'it\\'s']",
    "[domain-name:value != 'example.com']",
    "[domain-name:value = 'example.com' ]",
    "[domain-name:value = 'example.com'] OR [file:size = 1]",
    "[domain-name:value = 'exämple.com']",
    "[file:hashes.MD5 = 'x']",
    "[app:id = 'x']",
    "[url:value = 'a b']",
    '',
  ])('leaves %s to the parser', (pattern) => {
    expect(plainPatternWarnings(pattern)).toBeUndefined();
  });
});
