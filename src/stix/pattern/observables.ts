/** The values that a pattern looks for, and what seeing one of them means. STIX 2.1 section 9. */
import { NO_DOUBTS, type NormalValue } from '../value/doubt.ts';
import { SUBDOMAINS_KIND, suffixOfLike } from '../value/domain-suffix.ts';
import { kindOfPath } from '../value/kind.ts';
import { normalise } from '../value/normalise.ts';
import { hashesOfOneFile } from './hashes-of-file.ts';
import type { Comparison, ObjectPath, ObservationExpression, Pattern, Test } from './syntax.ts';

/**
 * - `sole`: the pattern matches where this value is seen, and only there
 * - `alternative`: it matches where this value or one of others is seen
 * - `part`: it matches only where other things are seen too
 * - `excluded`: it asks that this value is not seen
 */
export type Role = (typeof ROLES)[number];

/** In the order in which the database numbers them: the lower, the more seeing the value means. */
export const ROLES = ['sole', 'alternative', 'part', 'excluded'] as const;

export interface PatternValue extends NormalValue {
  readonly role: Role;
  /** The text in the pattern, of which `value` is the normal form. */
  readonly given: string;
  /** Where the comparison stands in the pattern's text. */
  readonly at: number;
  /** Of a hash that stands beside others of the same file: the number of that file in the pattern. */
  readonly file?: number;
}

/** What was found so far. */
interface Found {
  readonly values: PatternValue[];
  /** The number of the file that a comparison with a hash is about. */
  readonly fileOf: Map<Comparison, number>;
  files: number;
}

/**
 * Every value of the simple comparisons (`=`, `!=`, `IN`, `ISSUBSET`), in the pattern's order, and the
 * names below which `LIKE '%.example.com'` finds any.
 */
export function patternValues(pattern: Pattern): PatternValue[] {
  const found: Found = { values: [], fileOf: new Map(), files: 0 };
  visitObservation(pattern.expression, 'sole', found);
  return found.values;
}

function visitObservation(node: ObservationExpression, role: Role, found: Found): void {
  switch (node.kind) {
    case 'observation':
      visitComparison(node.comparison, role, found);
      break;
    case 'joined': {
      const inner = roleIn(role, node.by === 'OR');
      for (const operand of node.operands) visitObservation(operand, inner, found);
      break;
    }
    default:
      visitObservation(node.inner, role, found);
  }
}

function visitComparison(node: Comparison, role: Role, found: Found): void {
  switch (node.kind) {
    case 'test':
      addValues(node, role, found);
      break;
    case 'group':
      visitComparison(node.inner, role, found);
      break;
    case 'joined': {
      const operands = node.operands.filter((operand) => !isTypeTest(operand));
      const hashes = hashesOfOneFile(operands);
      if (hashes.length > 0) found.files += 1;
      for (const test of hashes) found.fileOf.set(test, found.files);
      const inner = operands.length === 1 ? role : roleIn(role, node.by === 'OR');
      for (const operand of operands) visitComparison(operand, inner, found);
    }
  }
}

function roleIn(role: Role, isAlternative: boolean): Role {
  return role === 'part' || !isAlternative ? 'part' : 'alternative';
}

/** `dst_ref.type = 'ipv4-addr'` only says what the value beside it is. */
function isTypeTest(node: Comparison): boolean {
  if (node.kind !== 'test' || node.path.steps.length < 2) return false;
  const last = node.path.steps.at(-1);
  return last !== undefined && 'key' in last && last.key === 'type';
}

const SIMPLE_OPERATORS: ReadonlySet<string> = new Set(['=', '==', '!=', '<>', 'IN', 'ISSUBSET']);

function addValues(test: Test, role: Role, found: Found): void {
  const kind = kindOfPath(test.path.objectType, keysOf(test.path));
  if (kind === undefined) return;
  if (test.operator === 'LIKE' && kind === 'domain-name') addSubdomains(test, role, found);
  if (!SIMPLE_OPERATORS.has(test.operator)) return;
  const file = found.fileOf.get(test);
  const unequal = test.operator === '!=' || test.operator === '<>';
  const plainRole = test.literals.length > 1 ? roleIn(role, true) : role;
  for (const literal of test.literals) {
    if (literal.kind !== 'string' && literal.kind !== 'integer') continue;
    const value = normalise(kind, literal.text);
    found.values.push({
      kind: value.kind,
      value: value.value,
      doubts: value.doubts,
      given: literal.text,
      role: unequal === test.negated ? plainRole : 'excluded',
      at: test.at,
      ...(file !== undefined && { file }),
    });
  }
}

function addSubdomains({ literals, negated, at }: Test, role: Role, found: Found): void {
  const given = literals[0]?.text ?? '';
  const value = suffixOfLike(given);
  if (value === undefined) return;
  found.values.push({
    kind: SUBDOMAINS_KIND,
    value,
    doubts: NO_DOUBTS,
    given,
    role: negated ? 'excluded' : role,
    at,
  });
}

/** The keys of a path, indices left out. */
export function keysOf(path: ObjectPath): string[] {
  const keys: string[] = [];
  for (const step of path.steps) if ('key' in step) keys.push(step.key);
  return keys;
}
