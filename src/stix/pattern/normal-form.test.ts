import { describe, expect, it } from 'vitest';
import { normalForm } from './normal-form.ts';
import { parsePattern } from './parser.ts';

const formOf = (text: string): string => normalForm(parsePattern(text));

const FORMS = [
  ["[a:b == 'x']", "[a:b = 'x']"],
  ['[a:b <> 1]', '[a:b != 1]'],
  ['[a:b NOT = 1]', '[a:b != 1]'],
  ['[a:b NOT != 1]', '[a:b = 1]'],
  ['[a:b NOT < 1]', '[a:b NOT < 1]'],
  ["[NOT EXISTS a:'b']", '[NOT EXISTS a:b]'],
  ["[a:'b c'.'d' = +1.50]", "[a:'b c'.d = 1.5]"],
  ['[a:b = 2.0 OR a:b = -0.0]', '[a:b IN (0, 2)]'],
  ['[a:b[+1].c[*] = 1]', '[a:b[1].c[*] = 1]'],
  ["[a:b = h'FFd8' OR a:c = b'AAEC']", "[a:b = h'ffd8' OR a:c = b'AAEC']"],
  ["[a:b = t'2024-01-01T00:00:00.1Z']", "[a:b = t'2024-01-01T00:00:00.100000Z']"],
  ['[a:b = 2 OR a:b = 1 OR a:b IN (3, 1)]', '[a:b IN (1, 2, 3)]'],
  ['[a:b IN (1)]', '[a:b = 1]'],
  ['[a:b NOT IN (2, 1)]', '[a:b NOT IN (1, 2)]'],
  ['[a:b IN ()]', '[a:b IN ()]'],
  ['[c:d = 1 AND a:b = 1 AND c:d = 1]', '[a:b = 1 AND c:d = 1]'],
  ['[(c:d = 1 AND a:b = 1) AND e:f = 1]', '[a:b = 1 AND c:d = 1 AND e:f = 1]'],
  ['[(c:d = 1 OR a:b = 1) AND e:f = 1]', '[(a:b = 1 OR c:d = 1) AND e:f = 1]'],
  ['[(c:d = 2 OR c:d = 1) AND a:b = 1]', '[a:b = 1 AND c:d IN (1, 2)]'],
  ['[(c:d = 1 AND a:b = 1) OR e:f = 1]', '[a:b = 1 AND c:d = 1 OR e:f = 1]'],
  ['([b:c=1]) OR ([a:b=1] OR [b:c=1])', '[a:b = 1] OR [b:c = 1]'],
  ['[b:c=1] AND [a:b=1] AND [b:c=1]', '[a:b = 1] AND [b:c = 1] AND [b:c = 1]'],
  ['([b:c=1] OR [a:b=1]) AND [d:e=1]', '([a:b = 1] OR [b:c = 1]) AND [d:e = 1]'],
  ['([a:b=1] OR [a:b=1]) AND [d:e=1]', '[a:b = 1] AND [d:e = 1]'],
  ['[b:c=1] FOLLOWEDBY [a:b=1]', '[b:c = 1] FOLLOWEDBY [a:b = 1]'],
  [
    '[a:b=1] FOLLOWEDBY ([b:c=1] FOLLOWEDBY [c:d=1])',
    '[a:b = 1] FOLLOWEDBY ([b:c = 1] FOLLOWEDBY [c:d = 1])',
  ],
  [
    '([b:c=1] AND [a:b=1]) WITHIN 05.50 SECONDS'.replace('05', '5'),
    '([a:b = 1] AND [b:c = 1]) WITHIN 5.5 SECONDS',
  ],
  ['([a:b=1]) REPEATS +2 TIMES', '[a:b = 1] REPEATS 2 TIMES'],
  [
    "[a:b=1] START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00.000Z'",
    "[a:b = 1] START t'2024-01-01T00:00:00.000000Z' STOP t'2024-01-02T00:00:00.000000Z'",
  ],
  [
    "[file:hashes.sha256 = 'ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789']",
    "[file:hashes.'SHA-256' = 'abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789']",
  ],
  ["[domain-name:value = 'WWW.Example.COM.']", "[domain-name:value = 'www.example.com']"],
  ["[ipv4-addr:value = '198.51.100.7/32']", "[ipv4-addr:value = '198.51.100.7']"],
  ["[file:name = 'Setup.EXE']", "[file:name = 'Setup.EXE']"],
  ["[url:value = 'HTTP://Example.com']", "[url:value = 'HTTP://Example.com']"],
  ["[domain-name:value = 'gate[.]example.com']", "[domain-name:value = 'gate[.]example.com']"],
  ["[domain-name:value LIKE 'WWW%']", "[domain-name:value LIKE 'WWW%']"],
];

describe('normalForm', () => {
  it.each(FORMS)('%s', (text, form) => {
    expect(formOf(text)).toBe(form);
    expect(formOf(form)).toBe(form);
  });

  it.each([
    ["[a:b = '1']", '[a:b = 1]'],
    ["[a:b = 'x']", "[a:b = 'X']"],
    ['[a:b = 1] AND [c:d = 1]', '[a:b = 1 AND c:d = 1]'],
    ['[a:b = 1] OR [c:d = 1]', '[a:b = 1] AND [c:d = 1]'],
    ['[a:b = 1] FOLLOWEDBY [c:d = 1]', '[c:d = 1] FOLLOWEDBY [a:b = 1]'],
    ['[a:b = 1] WITHIN 5 SECONDS', '[a:b = 1] WITHIN 6 SECONDS'],
    ['[a:b[0] = 1]', '[a:b[1] = 1]'],
    ["[a:b = h'00']", "[a:b = '00']"],
    ['[EXISTS a:b]', '[NOT EXISTS a:b]'],
    ["[a:b LIKE 'x']", "[a:b NOT LIKE 'x']"],
    ["[a:'b.c' = 1]", '[a:b.c = 1]'],
  ])('tells %s from %s', (one, other) => {
    expect(formOf(one)).not.toBe(formOf(other));
  });
});
