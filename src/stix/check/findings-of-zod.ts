/** Turns what a zod schema says into findings with stable codes, JSON paths and clauses. */
import type { z } from 'zod';
import { FINDINGS_MAX } from './finding.ts';
import type { Finding } from './finding.ts';
import { jsonPath } from '../json/fault.ts';
import type { Rule } from '../schema/rule.ts';

type Issue = z.core.$ZodIssue;

/** The findings, in the order of the schema; `clause` is where the object's type is defined. */
export function findingsOf(issues: readonly Issue[], clause: string): Finding[] {
  return issues.slice(0, FINDINGS_MAX).map((issue) => findingOf(issue, clause));
}

function findingOf(issue: Issue, clause: string): Finding {
  const path = jsonPath(issue.path.map((step) => (typeof step === 'number' ? step : String(step))));
  if (issue.code === 'custom') {
    const rule = issue.params as Rule | undefined;
    if (rule) return { code: rule.code, path, detail: rule.detail, clause: rule.clause };
  }
  return { path, clause, ...plainFinding(issue) };
}

function plainFinding(issue: Issue): { code: string; detail: string } {
  switch (issue.code) {
    case 'invalid_type':
      return typeFinding(issue.expected, issue.input);
    case 'invalid_union':
      return typeFinding('string, number or list', issue.input);
    case 'invalid_value': {
      const allowed = issue.values.map(String).join(', ');
      if (issue.input === undefined)
        return { code: 'missing_property', detail: `expected ${allowed}` };
      return {
        code: 'value_not_allowed',
        detail: `expected ${issue.values.length > 1 ? 'one of ' : ''}${allowed}`,
      };
    }
    case 'too_small':
      return { code: 'out_of_range', detail: `expected at least ${issue.minimum}` };
    case 'too_big':
      return { code: 'out_of_range', detail: `expected at most ${issue.maximum}` };
    default:
      return { code: 'wrong_type', detail: issue.message };
  }
}

function typeFinding(expected: string, input: unknown): { code: string; detail: string } {
  if (input === undefined) return { code: 'missing_property', detail: 'is required' };
  const names: Readonly<Record<string, string>> = {
    int: 'whole number',
    record: 'dictionary',
    array: 'list',
  };
  const found = input === null ? 'null' : Array.isArray(input) ? 'a list' : `a ${typeof input}`;
  return {
    code: 'wrong_type',
    detail: `expected a ${names[expected] ?? expected}, found ${found}`,
  };
}
