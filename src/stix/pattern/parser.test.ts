import { describe, expect, it } from 'vitest';
import { PatternFault } from './fault.ts';
import { PATTERN_LIMITS } from './limits.ts';
import { parsePattern } from './parser.ts';
import { printPattern } from './printer.ts';

function faultOf(text: string): PatternFault {
  try {
    parsePattern(text);
  } catch (error) {
    if (error instanceof PatternFault) return error;
    throw error;
  }
  throw new Error(`expected a fault in ${text}`);
}

const PATTERNS = [
  "[file:name = 'a']",
  "[file:name == 'a' OR file:name <> 'b' AND file:size >= -1]",
  "[a:b NOT = 1] AND [a:b NOT IN (1, 2.5, 'x', true, h'00', b'AAEC', t'2024-01-01T00:00:00Z')]",
  '[a:b IN ()]',
  '[EXISTS a:b] OR [NOT EXISTS a:b.c]',
  "[a:b NOT LIKE 'x%' AND a:b MATCHES '^x$' AND (a:b ISSUBSET '10.0.0.0/8' OR a:b ISSUPERSET 'y')]",
  '([a:b = 1] FOLLOWEDBY [a:b = 2]) WITHIN 0.5 SECONDS',
  '[a:b = 1] REPEATS 5 TIMES WITHIN +300 SECONDS',
  "[a:b = 1] START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00.5Z'",
  "[a:'x y'.'it\\'s \\\\'[*].c[0].d[-1] = 'z']",
  '[x-own-type:_a1 = +5 AND x-own-type:b = .5 AND x-own-type:c = -.25]',
  '[a:hash = 1 AND t:b = 1 AND b:h = 2 AND h:t = 3]',
  "[h:b.t = h'' OR h:b = b'AA==' OR h:b = b'AAECAAE=']",
  '((([a:b = 1])))',
  '[((a:b = 1))]',
];

const FAULTS = [
  ['', "expected '[' or '(' at column 1, found the end of the pattern"],
  ["[a:b = 'x'", "expected ']' at column 11, found the end of the pattern"],
  ["[file:name = 'a' file:size = 1]", "expected ']' at column 18, found file"],
  ['[a:b = 1\n  c:d = 2]', "expected ']' at line 2, column 3, found c"],
  ['[a.b = 1]', "expected ':' at column 3, found ."],
  ['[a:b-c = 1]', 'expected a name without hyphens or in quotes at column 4, found b-c'],
  ['[a:AND = 1]', 'expected a name at column 4'],
  ['[AND:b = 1]', "expected an object path, '(', EXISTS or NOT EXISTS at column 2"],
  ['[NOT a:b = 1]', 'expected EXISTS at column 6'],
  ['[true:b = 1]', 'expected an object path at column 2'],
  ['[a:b[x] = 1]', "expected an index or '*' at column 6"],
  ['[a:b[1.5] = 1]', "expected an index or '*' at column 6"],
  ['[a:b[1 = 1]', "expected ']' at column 8"],
  ['[a:b 1]', 'expected a comparison operator at column 6'],
  ['[a:b LAST 1]', 'expected a comparison operator at column 6'],
  ['[a:b like 1]', 'expected a comparison operator at column 6'],
  ['[a:b = ]', 'expected a constant at column 8'],
  ['[a:b ! 1]', 'expected a comparison operator at column 6'],
  ['[a:b > true]', 'expected a constant that has an order at column 8'],
  ['[a:b LIKE 1]', 'expected a string in quotes at column 11'],
  ["[a:b MATCHES h'00']", 'expected a string in quotes at column 14'],
  ['[a:b IN 1]', "expected '(' at column 9"],
  ['[a:b IN (1,)]', 'expected a constant at column 12'],
  ['[a:b IN (1 2)]', "expected ')' at column 12"],
  ['[a:b = 01]', "expected ']' at column 9"],
  ['[a:b = 1.]', "expected ']' at column 9"],
  ['[a:b = 1e3]', "expected ']' at column 9"],
  ['[a:b = 5] x', 'expected AND, OR, FOLLOWEDBY, a qualifier or the end at column 11'],
  ['[a:b = 5] and [c:d = 1]', 'expected AND, OR, FOLLOWEDBY, a qualifier or the end at column 11'],
  ['([a:b = 1]', "expected ')' at column 11"],
  ['[(a:b = 1]', "expected ')' at column 10"],
  ['[a:b = 1] WITHIN -5 SECONDS', 'expected a number of seconds at column 18'],
  ['[a:b = 1] WITHIN 5 HOURS', 'expected SECONDS at column 20'],
  ['[a:b = 1] REPEATS 1.5 TIMES', 'expected a number of times at column 19'],
  ['[a:b = 1] REPEATS 2 SECONDS', 'expected TIMES at column 21'],
  ["[a:b = 1] START '2024-01-01T00:00:00Z' STOP", 'expected a timestamp'],
  ["[a:b = 1] START t'2024-01-01T00:00:00Z' t'2024-01-01T00:00:00Z'", 'expected STOP at column 41'],
  ["[a:b = 'x\\y']", "expected \\' or \\\\ after a backslash at column 10"],
  ["[a:b = 'x]", 'a string is not closed, it begins at column 8'],
  ["[a:b = 'x\\']", 'a string is not closed, it begins at column 8'],
  ["[a:b = h'0']", 'expected an even number of hexadecimal digits'],
  ["[a:b = h'0g']", 'expected an even number of hexadecimal digits'],
  ["[a:b = b'AAE']", 'expected base64'],
  ["[a:b = b'']", 'expected base64'],
  ["[a:b = b'====']", 'expected base64'],
  ["[a:b = b'A===']", 'expected base64'],
  ["[a:b = b'AA==AAAA']", 'expected base64'],
  ["[a:b = b'AA\nEC']", 'expected base64'],
  ["[a:b = t'2024-13-01T00:00:00Z']", 'expected a timestamp'],
  ["[a:b = t'2024-01-01T00:00:00']", 'expected a timestamp'],
  ['[a:b = 1 /* open', "expected ']' at column 10, found /"],
  ['[a:b = "x"]', 'expected a constant at column 8, found "'],
];

const many = (n: number, one: string, joint: string): string =>
  Array.from({ length: n }, () => one).join(joint);
const deep = (n: number): string => `${'('.repeat(n)}[a:b=1]${')'.repeat(n)}`;
const long = (n: number): string => `[a:b='${'x'.repeat(n)}']`;

describe('parsePattern', () => {
  it.each(PATTERNS)('prints %s as it was', (text) => {
    const printed = printPattern(parsePattern(text));
    expect(printed).toBe(text);
    expect(printPattern(parsePattern(printed))).toBe(printed);
  });

  it.each([
    ["[a:b='x']", "[a:b = 'x']"],
    ['[ a : b\t=\n1 ]', '[a:b = 1]'],
    ['[a:b/* why */=1]// end', '[a:b = 1]'],
    [
      "[a:b IN(1,2)AND c:d='x'OR e:f=1]OR[g:h=1]REPEATS 5TIMES",
      "[a:b IN (1, 2) AND c:d = 'x' OR e:f = 1] OR [g:h = 1] REPEATS 5 TIMES",
    ],
    ["[a:b MATCHES'x' AND\u00a0c:d\u2003=\u30001]", "[a:b MATCHES 'x' AND c:d = 1]"],
    ["[a:b = 'a // b /* c */']", "[a:b = 'a // b /* c */']"],
  ])('%j without its blanks is %s', (text, printed) => {
    expect(printPattern(parsePattern(text))).toBe(printed);
  });

  it('knows what binds closer', () => {
    const { expression } = parsePattern(
      '[a:b=1 OR a:c=2 AND a:d=3] AND [e:f=1] OR [g:h=1] FOLLOWEDBY [i:j=1]',
    );
    expect(expression).toMatchObject({
      by: 'FOLLOWEDBY',
      operands: [
        { by: 'OR', operands: [{ by: 'AND' }, { kind: 'observation' }] },
        { kind: 'observation' },
      ],
    });
    const [first] = expression.kind === 'joined' ? expression.operands : [];
    const conjunction = first?.kind === 'joined' ? first.operands[0] : undefined;
    expect(conjunction).toMatchObject({
      operands: [{ comparison: { by: 'OR', operands: [{ kind: 'test' }, { by: 'AND' }] } }, {}],
    });
  });

  it('applies a qualifier to what stands right before it', () => {
    expect(parsePattern('[a:b=1] AND [c:d=1] WITHIN 5 SECONDS').expression).toMatchObject({
      by: 'AND',
      operands: [{ kind: 'observation' }, { kind: 'qualified', qualifier: { seconds: '5' } }],
    });
  });
});

describe('what parsePattern tells', () => {
  it('counts comparisons and observations', () => {
    expect(parsePattern('[a:b=1 AND (c:d=1 OR EXISTS e:f)] OR [g:h=1]')).toMatchObject({
      comparisons: 4,
      observations: 2,
    });
  });

  it('says where each comparison begins and what it compares', () => {
    const { expression } = parsePattern("[a:b=1 OR  c:d.'e'[*] NOT IN ('x\\'y\\\\', -2.5)]");
    expect(expression).toMatchObject({
      comparison: {
        operands: [
          { at: 1, literals: [{ kind: 'integer', text: '1' }] },
          {
            at: 11,
            negated: true,
            operator: 'IN',
            path: {
              objectType: 'c',
              steps: [{ key: 'd', quoted: false }, { key: 'e', quoted: true }, { index: '*' }],
            },
            literals: [
              { kind: 'string', text: "x'y\\" },
              { kind: 'float', text: '-2.5' },
            ],
          },
        ],
      },
    });
  });

  it.each(FAULTS)('refuses %j: %s', (text, message) => {
    expect(faultOf(text).message).toContain(message);
  });

  it('refuses what costs too much', () => {
    expect(parsePattern(`[${many(1024, 'a:b=1', ' OR ')}]`).comparisons).toBe(1024);
    expect(parsePattern(many(1024, '[a:b=1]', ' AND ')).observations).toBe(1024);
    expect(parsePattern(deep(PATTERN_LIMITS.depth)).observations).toBe(1);
    expect(faultOf(deep(PATTERN_LIMITS.depth + 1)).code).toBe('pattern_too_complex');
    expect(faultOf(`[${'('.repeat(65)}`).code).toBe('pattern_too_complex');
    expect(parsePattern(long(PATTERN_LIMITS.bytes - 9)).comparisons).toBe(1);
    expect(faultOf(long(PATTERN_LIMITS.bytes - 7)).code).toBe('pattern_too_long');
    expect(faultOf(long(PATTERN_LIMITS.bytes / 2).replaceAll('x', 'é')).code).toBe(
      'pattern_too_long',
    );
  });

  it.each([
    ['comparisons', `[${many(1025, 'a:b=1', ' OR ')}]`, 'more comparisons than the limit of 1024'],
    ['observations', many(1025, '[a:b=1]', ' OR '), 'more observations than the limit of 1024'],
    [
      'qualifiers',
      `([a:b=1])${' REPEATS 2 TIMES'.repeat(1025)}`,
      'more qualifiers than the limit of 1024',
    ],
    ['constants', `[a:b IN (${many(10_001, '1', ',')})]`, 'more constants than the limit of 10000'],
    ['levels', deep(65), 'parentheses nested deeper than the limit of 64 levels'],
  ])('says when it was the limit of %s', (_, text, message) => {
    expect(faultOf(text)).toMatchObject({
      code: 'pattern_too_complex',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('says how many bytes are too many', () => {
    const text = long(PATTERN_LIMITS.bytes);
    const bytes = Buffer.byteLength(text);
    expect(faultOf(text).message).toContain(`has ${bytes} bytes; the limit is 262144 bytes`);
  });
});
