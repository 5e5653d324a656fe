/** Checks the pattern of an indicator, of whatever language: STIX 2.1 sections 4.7 and 9. */
import type { Finding } from '../check/finding.ts';
import { examinePattern } from './examine.ts';
import type { Examined } from './examine.ts';
import { PatternFault } from './fault.ts';
import { tooLong } from './limits.ts';
import { parsePattern } from './parser.ts';

/** The longest pattern of another language, in bytes of UTF-8. */
export const OTHER_PATTERN_BYTES_MAX = 256 * 1024;

const CLAUSE = 'STIX 2.1 section 4.7';

/**
 * Findings on a pattern. STIX patterns are parsed; those of other languages (`yara`, `sigma` …) are
 * kept as text and only measured.
 */
export function checkPattern(pattern: unknown, type: unknown): Examined {
  if (typeof pattern !== 'string') return refusal('wrong_type', 'expected a string', CLAUSE);
  if (type !== 'stix') return measure(pattern);
  try {
    return examinePattern(parsePattern(pattern));
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error;
    return refusal(error.code, error.message, 'STIX 2.1 section 9');
  }
}

function measure(pattern: string): Examined {
  if (pattern.trim() === '') return refusal('pattern_empty', 'the pattern is empty', CLAUSE);
  const bytes = Buffer.byteLength(pattern);
  if (bytes <= OTHER_PATTERN_BYTES_MAX) return { errors: [], warnings: [] };
  return refusal('pattern_too_long', tooLong(bytes, OTHER_PATTERN_BYTES_MAX), CLAUSE);
}

function refusal(code: string, detail: string, clause: string): Examined {
  const error: Finding = { code, path: '$.pattern', detail, clause };
  return { errors: [error], warnings: [] };
}
