/** Patterns of STIX 2.0 as 2.1 writes them: STIX 2.0 part 5, STIX 2.1 section 9. */
import { PatternFault } from './pattern/fault.ts';
import { PATTERN_LIMITS, parsePattern } from './pattern/parser.ts';

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
 * A pattern that 2.1 reads is left alone. In another, keywords get the upper case that 2.1 asks for,
 * and the times of START and STOP, strings in 2.0, become timestamps; if it is then read, it counts.
 */
export function liftPattern(pattern: string): string {
  if (pattern.length > PATTERN_LIMITS.bytes || isPattern(pattern)) return pattern;
  let previous = '';
  const words = pattern.match(STRING_OR_WORD) ?? [];
  const lifted = words.map((word) => {
    const upper = word.toUpperCase();
    const isTime = (previous === 'START' || previous === 'STOP') && TIMESTAMP.test(word);
    if (word.trim() !== '') previous = upper;
    if (isTime) return `t${word}`;
    return KEYWORDS.has(upper) ? upper : word;
  });
  const text = lifted.join('');
  return isPattern(text) ? text : pattern;
}

function isPattern(text: string): boolean {
  try {
    parsePattern(text);
    return true;
  } catch (error) {
    if (error instanceof PatternFault) return false;
    throw error;
  }
}
