/** By what indicators (STIX 2.1 section 4.7) of one producer are known to say the same under new ids. */
import { hash } from 'node:crypto';
import type { StixObject } from './object.ts';
import { normalForm } from './pattern/normal-form.ts';
import { patternOf } from './pattern/of-indicator.ts';
import type { Pattern } from './pattern/syntax.ts';

/**
 * A key of what an indicator looks for: 64 hexadecimal digits over its pattern type and the normal
 * form of its pattern (text of other pattern languages: with line ends and outer blanks evened out).
 * Callers add the producer.
 * `parsed` is its pattern as `patternOf` reads it, for callers that have it already.
 * @returns undefined for other objects and for what is not a pattern.
 */
export function contentKey(indicator: StixObject, parsed?: Pattern): string | undefined {
  const { type, pattern, pattern_type: patternType } = indicator;
  if (type !== 'indicator' || typeof pattern !== 'string') return undefined;
  const language = typeof patternType === 'string' ? patternType : 'stix';
  const form = language === 'stix' ? stixForm(indicator, parsed) : evenText(pattern);
  return form === undefined ? undefined : hash('sha256', `${language}\n${form}`, 'hex');
}

function stixForm(indicator: StixObject, parsed = patternOf(indicator)): string | undefined {
  return parsed && normalForm(parsed);
}

function evenText(pattern: string): string {
  return pattern.replaceAll('\r\n', '\n').trim();
}
