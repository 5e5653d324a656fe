import type { StixObject } from '../object.ts';
import { PatternFault } from './fault.ts';
import { parsePattern } from './parser.ts';
import type { Pattern } from './syntax.ts';

/**
 * An indicator's STIX pattern, parsed (STIX 2.1 section 4.7); undefined for patterns of other
 * languages, for what is not a pattern and for other objects.
 */
export function patternOf({
  type,
  pattern,
  pattern_type: language,
}: StixObject): Pattern | undefined {
  if (type !== 'indicator' || typeof pattern !== 'string') return undefined;
  if (language !== undefined && language !== 'stix') return undefined;
  try {
    return parsePattern(pattern);
  } catch (error) {
    if (error instanceof PatternFault) return undefined;
    throw error;
  }
}
