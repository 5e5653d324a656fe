/** Made-up, spoilt and hostile patterns. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentKey } from '../content-key.ts';
import { growsLinearly, within } from '../../../test/support/fuzz.ts';
import { observablesOf } from '../observables.ts';
import { checkPattern } from './check.ts';
import { examinePattern } from './examine.ts';
import { normalForm } from './normal-form.ts';
import { parsePattern } from './parser.ts';
import { plainPatternWarnings } from './plain.ts';
import { printPattern } from './printer.ts';
import type { Comparison } from './syntax.ts';

const factor = Number(process.env['TOCSIN_FUZZ_FACTOR'] ?? 1);

const name = fc.constantFrom('a', 'b_1', 'value', 'hashes', 'h', 't');
const string = fc.string({
  unit: fc.constantFrom('a', 'B', '.', "'", '\\', ' ', '%', 'é', '[', ']', '\n', '/'),
  maxLength: 12,
});
const quoted = string.map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
const type = fc.constantFrom('file', 'domain-name', 'ipv4-addr', 'url', 'x-own', 'network-traffic');
const step = fc.oneof(
  name.map((key) => `.${key}`),
  quoted.map((key) => `.${key}`),
  fc.constantFrom('[*]', '[0]', '[-1]'),
);
const path = fc
  .tuple(type, fc.oneof(name, quoted), fc.array(step, { maxLength: 3 }))
  .map(([head, first, steps]) => `${head}:${first}${steps.join('')}`);
const orderable = fc.oneof(
  quoted,
  fc.integer().map(String),
  fc.constantFrom('+1', '-.5', '1.50', "h'00fF'", "b'AAEC'", "t'2024-01-01T00:00:00Z'"),
);
const literal = fc.oneof(orderable, fc.constantFrom('true', 'false'));
const not = fc.constantFrom('', 'NOT ');
const test = fc
  .oneof(
    fc.tuple(path, not, fc.constantFrom('=', '==', '!=', '<>'), literal),
    fc.tuple(path, not, fc.constantFrom('<', '<=', '>', '>='), orderable),
    fc.tuple(path, not, fc.constantFrom('LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET'), quoted),
    fc.tuple(
      path,
      not,
      fc.constant('IN'),
      fc.array(literal, { maxLength: 3 }).map((all) => `(${all.join(', ')})`),
    ),
  )
  .map(([left, negation, operator, right]) => `${left} ${negation}${operator} ${right}`);
const exists = fc.tuple(not, path).map(([negation, target]) => `${negation}EXISTS ${target}`);
const qualifier = fc.constantFrom(
  ' WITHIN 5 SECONDS',
  ' REPEATS 2 TIMES',
  " START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00Z'",
);
const { comparison, expression } = fc.letrec<{ comparison: string; expression: string }>((tie) => ({
  comparison: fc.oneof(
    { maxDepth: 3 },
    test,
    exists,
    fc
      .tuple(tie('comparison'), fc.constantFrom(' AND ', ' OR '), tie('comparison'))
      .map((all) => all.join('')),
    tie('comparison').map((inner) => `(${inner})`),
  ),
  expression: fc.oneof(
    { maxDepth: 3 },
    tie('comparison').map((inner) => `[${inner}]`),
    fc
      .tuple(tie('expression'), fc.constantFrom(' AND ', ' OR ', ' FOLLOWEDBY '), tie('expression'))
      .map((all) => all.join('')),
    fc.tuple(tie('expression'), qualifier).map(([inner, after]) => `(${inner})${after}`),
  ),
}));

const form = (text: string): string => normalForm(parsePattern(text));

const fill = (unit: string): string => `[${unit.repeat(Math.floor(65_000 / unit.length))}]`;

const numbered = (count: number, one: (i: number) => string, between: string) =>
  Array.from({ length: count }, (_, i) => one(i)).join(between);
const nested = (depth: number, inner: string) => `${'('.repeat(depth)}${inner}${')'.repeat(depth)}`;

/** So many equal observations, in pairs of pairs: a power of four. */
function doubled(count: number): string {
  if (count < 4) return '[a:b = 1]';
  const quarter = doubled(count / 4);
  return `((${quarter} OR ${quarter}) AND (${quarter} OR ${quarter}))`;
}

/** Patterns that the limits allow, in sizes from a quarter of a limit up to all of it. */
const GROWING: [what: string, size: number, pattern: (size: number) => string][] = [
  [
    'object types joined by OR',
    256,
    (size) => `[${numbered(size, (i) => `x-${i}:a = 1`, ' OR ')}]`,
  ],
  [
    'object types joined by AND',
    256,
    (size) => `[${numbered(size, (i) => `x-${i}:a = 1`, ' AND ')}]`,
  ],
  [
    'object types in nested parentheses',
    16,
    (depth) =>
      `[${Array.from({ length: depth }).reduce<string>(
        (inner, _, i) =>
          nested(1, `${inner} OR ${numbered(15, (j) => `x-${i}-${j}:a = 1`, ' OR ')}`),
        'x-a:b = 1',
      )}]`,
  ],
  ['observations', 256, (size) => numbered(size, (i) => `[a:b = ${i}]`, ' AND ')],
  ['equal observations, nested', 256, doubled],
  ['qualifiers', 256, (size) => `([a:b = 1])${' REPEATS 1 TIMES'.repeat(size)}`],
  [
    'constants',
    2500,
    (size) => `[ipv4-addr:value IN (${numbered(size, (i) => `'192.0.2.${i % 256}'`, ', ')})]`,
  ],
  [
    'constants of a long path',
    1000,
    (size) => `[a:${'b.'.repeat(size * 8)}c IN (${numbered(size, () => `'a'`, ', ')})]`,
  ],
  [
    'hashes of a long name',
    1000,
    (size) => `[file:hashes.'${'x'.repeat(size * 16)}' IN (${numbered(size, () => `'a'`, ', ')})]`,
  ],
  ['bytes', 64_000, (size) => `[file:name = '${'x'.repeat(size - 40)}']`],
  ['escapes', 30_000, (size) => `[file:name = '${"\\'".repeat(size)}']`],
  ['path steps', 30_000, (size) => `[a:b${'.c'.repeat(size)} = 1]`],
];

const HOSTILE: [what: string, text: string][] = [
  ['opening brackets', '['.repeat(260_000)],
  ['zeros', fill('0')],
  ['quotes', fill("'")],
  ['backslashes', `[a:b='${'\\\\'.repeat(130_000)}']`],
  ['open comments', fill('/*')],
  ['comments', fill('/**/')],
  ['slashes', fill('/')],
  ['a set of strings', `[url:value IN (${"'hxxp://a[.]b',".repeat(9999)}'x')]`],
  ['a set of names', `[domain-name:value IN (${"'é.xn--a',".repeat(9999)}'x')]`],
  ['a set of hashes', `[file:hashes.MD5 IN (${"'x',".repeat(9999)}'x')]`],
  ['path steps', `[a:b${'.c'.repeat(130_000)}=1]`],
  ['path indices', `[a:b${'[0]'.repeat(87_000)}=1]`],
  ['an open regular expression', `[a:b MATCHES '${'('.repeat(260_000)}']`],
  ['qualifiers', `([a:b=1])${' REPEATS 1 TIMES'.repeat(1024)}`],
  ['an endless name', `[domain-name:value = '${'a.'.repeat(130_000)}']`],
  ['an endless URL', `[url:value = 'http://${'a'.repeat(260_000)}']`],
  ['a URL of labels', `[url:value = 'http://${'a.'.repeat(130_000)}/`],
  ['digits', `[a:b = ${'1'.repeat(260_000)}]`],
  ['base64', `[a:b = b'${'A'.repeat(260_000)}`],
  ['a timestamp', `[a:b = t'2024-01-01T00:00:00.${'1'.repeat(260_000)}`],
];

describe('patterns', () => {
  it('print as they were read, and have one normal form', () => {
    fc.assert(
      fc.property(expression, (text) => {
        const pattern = parsePattern(text);
        const normal = normalForm(pattern);
        expect(printPattern(pattern)).toBe(text);
        expect(form(normal)).toBe(normal);
        expect(checkPattern(text, 'stix').warnings.length).toBeLessThanOrEqual(20);
      }),
      { numRuns: 15_000 * factor },
    );
  });

  it('joined the other way round are the same', () => {
    fc.assert(
      fc.property(comparison, comparison, fc.constantFrom('AND', 'OR'), (left, right, by) => {
        expect(form(`[(${left}) ${by} (${right})]`)).toBe(form(`[(${right}) ${by} (${left})]`));
        expect(form(`[${left}] ${by} [${right}]`)).toBe(form(`[${right}] ${by} [${left}]`));
      }),
      { numRuns: 5000 * factor },
    );
  });
});

describe('patterns that are spoilt or short', () => {
  it('spoilt by a character are read or refused', () => {
    const spoilt = fc
      .tuple(expression, fc.nat(), fc.string({ maxLength: 2 }))
      .map(([text, at, insert]) => {
        const place = at % text.length;
        return text.slice(0, place) + insert + text.slice(place + (at % 3));
      });
    fc.assert(
      fc.property(spoilt, (text) => {
        within(() => {
          const { errors, warnings } = checkPattern(text, 'stix');
          const plain = plainPatternWarnings(text);
          if (plain) expect({ errors: [], warnings: plain }).toEqual({ errors, warnings });
        });
      }),
      { numRuns: 15_000 * factor },
    );
  });

  it('of one comparison have the same findings on the short way', () => {
    const value = fc.oneof(
      string,
      fc.webUrl(),
      fc.domain(),
      fc.emailAddress(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.constantFrom('10.0.0.1', 'hxxp://a[.]b', 'x.exe', '1.2', 'xn--a.b'),
    );
    const kind = fc.constantFrom(
      'domain-name:value',
      'url:value',
      'ipv4-addr:value',
      'ipv6-addr:value',
      'email-addr:value',
      'file:name',
      'file:hashes.MD5',
    );
    fc.assert(
      fc.property(kind, value, (target, text) => {
        const pattern = `[${target} = '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
        const plain = plainPatternWarnings(pattern);
        if (plain) expect({ errors: [], warnings: plain }).toEqual(checkPattern(pattern, 'stix'));
      }),
      { numRuns: 10_000 * factor },
    );
  });
});

describe('patterns under the limits', () => {
  it.each(HOSTILE)('of hostile %s take no time', (_, text) => {
    const object = { type: 'indicator', id: 'x', pattern_type: 'stix', pattern: text };
    within(() => void checkPattern(text, 'stix'));
    within(() => void plainPatternWarnings(text));
    within(() => void observablesOf(object));
    within(() => void contentKey(object));
  });

  it.each(GROWING)('of more %s take as much more work', (_, size, pattern) => {
    growsLinearly(size, (count) => {
      const text = pattern(count);
      const object = { type: 'indicator', id: 'x', pattern_type: 'stix', pattern: text };
      expect(parsePattern(text)).toBeDefined();
      return () => {
        checkPattern(text, 'stix');
        plainPatternWarnings(text);
        observablesOf(object);
        contentKey(object);
      };
    });
  });

  /** The limits keep patterns so small that work which grows with their square would hardly show. */
  it.each(['AND', 'OR'] as const)('joined by %s are examined in linear time', (by) => {
    growsLinearly(2000, (count) => {
      const operands = Array.from({ length: count }, (_, i): Comparison => {
        const path = { objectType: `x-${i}`, steps: [{ key: 'a', quoted: false }] };
        return { kind: 'test', path, negated: false, operator: 'EXISTS', literals: [], at: 0 };
      });
      const all: Comparison = { kind: 'joined', by, operands };
      // Around it stands what is looked at again at each level.
      const comparison: Comparison = { kind: 'joined', by: 'OR', operands: [all, ...operands] };
      const expression = { kind: 'observation', comparison } as const;
      return () => void examinePattern({ expression, comparisons: 2 * count, observations: 1 });
    });
  });
});
