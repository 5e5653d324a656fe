/** Patterns of STIX 2.0 as 2.1 writes them: STIX 2.0 part 5, STIX 2.1 section 9. */
import { liftExpression } from './pattern-tree.ts';
import { PatternFault } from '../pattern/fault.ts';
import { PATTERN_LIMITS } from '../pattern/limits.ts';
import { parsePattern } from '../pattern/parser.ts';
import { printPattern } from '../pattern/printer.ts';
import type { Pattern } from '../pattern/syntax.ts';

const STRING_OR_WORD = /'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z0-9_-]*|[^'A-Za-z_]+|'/g;
const TIMESTAMP = /^'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,40}Z'$/;
const KEYWORDS: ReadonlySet<string> = new Set([
  'AND',
  'OR',
  'NOT',
  'FOLLOWEDBY',
  'LIKE',
  'MATCHES',
  'ISSUPERSET',
  'ISSUBSET',
  'IN',
  'START',
  'STOP',
  'SECONDS',
  'WITHIN',
  'REPEATS',
  'TIMES',
]);

/**
 * The pattern in the words of 2.1; unchanged where it already is, or where neither version reads it.
 * Keywords get upper case, times of START and STOP become timestamps, renamed properties get their
 * new names, and a second qualifier of a kind gets parentheses.
 */
export function liftPattern(pattern: string): string {
  if (pattern.length > PATTERN_LIMITS.bytes) return pattern;
  const parsed = patternIn(pattern);
  if (parsed) return liftParsed(pattern, parsed);
  const text = withKeywordsOf21(pattern);
  const reparsed = patternIn(text);
  return reparsed ? liftParsed(text, reparsed) : pattern;
}

function liftParsed(text: string, parsed: Pattern): string {
  const expression = liftExpression(parsed.expression);
  if (expression === parsed.expression) return text;
  const lifted = printPattern({ ...parsed, expression });
  return patternIn(lifted) ? lifted : text;
}

function withKeywordsOf21(pattern: string): string {
  let previous = '';
  const words = pattern.match(STRING_OR_WORD) ?? [];
  const lifted = words.map((word) => {
    const upper = word.toUpperCase();
    const isTime = (previous === 'START' || previous === 'STOP') && TIMESTAMP.test(word);
    if (word.trim() !== '') previous = upper;
    if (isTime) return `t${word}`;
    return KEYWORDS.has(upper) ? upper : word;
  });
  return lifted.join('');
}

function patternIn(text: string): Pattern | undefined {
  try {
    return parsePattern(text);
  } catch (error) {
    if (error instanceof PatternFault) return undefined;
    throw error;
  }
}
