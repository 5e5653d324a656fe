/** Why a text is not a pattern (STIX 2.1 section 9), with the position. */

export type PatternFaultCode = 'pattern_syntax' | 'pattern_too_long' | 'pattern_too_complex';

export class PatternFault extends Error {
  readonly code: PatternFaultCode;
  /** In UTF-16 code units from 0. */
  readonly at: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;

  constructor(code: PatternFaultCode, text: string, at: number, problem: string, found = '') {
    const before = text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const place = line === 1 ? `column ${column}` : `line ${line}, column ${column}`;
    super(`${problem} at ${place}${found && `, found ${found}`}`);
    this.name = 'PatternFault';
    this.code = code;
    this.at = at;
    this.line = line;
    this.column = column;
  }
}
