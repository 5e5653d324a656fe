/** By what indicators of one producer are known to say the same, whatever ids they bear. */
import { hash } from 'node:crypto';
import type { StixObject } from './object.ts';
import { PatternFault } from './pattern/fault.ts';
import { normalForm } from './pattern/normal-form.ts';
import { parsePattern } from './pattern/parser.ts';

/**
 * A key of what an indicator looks for: 64 hexadecimal digits over its pattern type and the normal
 * form of its pattern (text of other pattern languages: with line ends and outer blanks evened out).
 * Whoever uses it adds the producer.
 * @returns undefined for other objects and for what is no pattern.
 */
export function contentKey(indicator: StixObject): string | undefined {
  const { type, pattern, pattern_type: patternType } = indicator;
  if (type !== 'indicator' || typeof pattern !== 'string') return undefined;
  const language = typeof patternType === 'string' ? patternType : 'stix';
  const form = language === 'stix' ? stixForm(pattern) : pattern.replaceAll('\r\n', '\n').trim();
  return form === undefined ? undefined : hash('sha256', `${language}\n${form}`, 'hex');
}

function stixForm(pattern: string): string | undefined {
  try {
    return normalForm(parsePattern(pattern));
  } catch (error) {
    if (error instanceof PatternFault) return undefined;
    throw error;
  }
}
