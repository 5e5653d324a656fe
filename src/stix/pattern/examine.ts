/**
 * What a well-formed pattern says that it must not (errors) or hardly means (warnings):
 * STIX 2.1 section 9. Regular expressions are looked at, never run.
 */
import type { Finding } from '../check/finding.ts';
import { nearestName } from '../../spelling.ts';
import { SCO_TYPES } from '../object.ts';
import { OBJECT_TYPES } from '../schema/registry.ts';
import { comparableTimestamp } from '../timestamp.ts';
import type { Doubt } from '../value/doubt.ts';
import { isFormFault } from '../value/doubt.ts';
import { normalAddress } from '../value/address.ts';
import { isKnownHashForm } from '../value/hash.ts';
import { kindOfPath } from '../value/kind.ts';
import { keysOf, patternValues } from './observables.ts';
import { doubtfulExpression } from './regular-expression.ts';
import type { Comparison, ObservationExpression, Pattern, Qualifier, Test } from './syntax.ts';

const PATH = '$.pattern';
const WARNINGS_MAX = 20;
/** More than the longest detail has room for. */
const TYPES_NAMED_MAX = 100;
const NETWORK: ReadonlySet<string> = new Set(['ISSUBSET', 'ISSUPERSET']);
/** What `patternValues` reads as addresses, doubts included. */
const ADDRESS_KINDS: ReadonlySet<string> = new Set(['ipv4-addr', 'ipv6-addr', 'address']);
const EQUALITY: ReadonlySet<string> = new Set(['=', '==', '!=', '<>', 'IN']);

export interface Examined {
  readonly errors: Finding[];
  readonly warnings: Finding[];
}

/** Findings on a pattern; at most 20 warnings. */
export function examinePattern(pattern: Pattern): Examined {
  const examined: Examined = { errors: [], warnings: [] };
  examineObservation(pattern.expression, examined);
  for (const { given, at, doubts } of patternValues(pattern)) {
    for (const doubt of doubts) {
      const into = isFormFault(doubt) ? examined.errors : examined.warnings;
      into.push(doubtFinding(given, doubt, at));
    }
  }
  if (examined.warnings.length > WARNINGS_MAX) {
    const more = examined.warnings.length - WARNINGS_MAX + 1;
    examined.warnings.length = WARNINGS_MAX - 1;
    warn(examined, 'more_warnings', `${more} more warnings on this pattern`);
  }
  return examined;
}

function examineObservation(node: ObservationExpression, examined: Examined): void {
  switch (node.kind) {
    case 'observation':
      examineComparison(node.comparison, examined);
      break;
    case 'joined':
      for (const operand of node.operands) examineObservation(operand, examined);
      break;
    case 'group':
      examineObservation(node.inner, examined);
      break;
    case 'qualified':
      examineQualifiers(node, examined);
  }
}

/** Section 9.5.1: one qualifier of a kind on an observation. */
function examineQualifiers(outermost: ObservationExpression, examined: Examined): void {
  const seen = new Set<string>();
  let node = outermost;
  let repeated: string | undefined;
  while (node.kind === 'qualified') {
    const { kind } = node.qualifier;
    if (seen.has(kind)) repeated = kind;
    seen.add(kind);
    examineQualifier(node.qualifier, examined);
    node = node.inner;
  }
  if (repeated !== undefined && node.kind === 'observation') {
    const detail = `an observation has two ${repeated} qualifiers`;
    examined.errors.push(finding('duplicate_qualifier', detail, 'STIX 2.1 section 9.5.1'));
  }
  examineObservation(node, examined);
}

function examineQualifier(qualifier: Qualifier, examined: Examined): void {
  if (qualifier.kind === 'START') {
    const start = comparableTimestamp(qualifier.start);
    const stop = comparableTimestamp(qualifier.stop);
    if (start === undefined || stop === undefined) {
      warn(examined, 'impossible_date', 'START or STOP is not a day of the calendar');
    } else if (start >= stop) warn(examined, 'empty_window', 'STOP is not after START');
    return;
  }
  const number = qualifier.kind === 'WITHIN' ? qualifier.seconds : qualifier.times;
  if (Number(number) > 0) return;
  const detail = `${qualifier.kind} needs a number above 0`;
  examined.errors.push(finding('qualifier_not_positive', detail, 'STIX 2.1 section 9.5.1'));
}

/**
 * Returns the types of the objects that the comparison can hold of, in a set that the caller may change.
 * Each set goes into the largest one beside it, so the work grows with the pattern and hardly faster.
 */
function examineComparison(node: Comparison, examined: Examined): Set<string> {
  switch (node.kind) {
    case 'test':
      examineTest(node, examined);
      return new Set([node.path.objectType]);
    case 'group':
      return examineComparison(node.inner, examined);
    case 'joined': {
      const types = node.operands.map((operand) => examineComparison(operand, examined));
      return node.by === 'OR' ? union(types) : commonTypes(types, examined);
    }
  }
}

function union(sets: readonly Set<string>[]): Set<string> {
  const all = sets.reduce((largest, set) => (set.size > largest.size ? set : largest));
  for (const set of sets) if (set !== all) for (const type of set) all.add(type);
  return all;
}

/**
 * Section 9.5: what AND joins in one observation must hold of one object. It is only a warning, since the
 * published validator accepts it; and given once, not again for everything that stands around it.
 */
function commonTypes(types: readonly Set<string>[], examined: Examined): Set<string> {
  const common = types.reduce((left, right) => left.intersection(right));
  if (common.size === 0 && types.every(({ size }) => size > 0)) {
    const named = [...union(types).values().take(TYPES_NAMED_MAX)].join(', ');
    const detail = `AND in one observation joins different objects: ${named}`;
    warn(examined, 'mixed_object_types', shorten(detail, 200));
  }
  return common;
}

function examineTest(test: Test, examined: Examined): void {
  examineNames(test, examined);
  if (test.operator === 'MATCHES') {
    const doubt = doubtfulExpression(test.literals[0]?.text ?? '');
    if (doubt !== undefined) {
      warn(examined, 'doubtful_regex', `the regular expression ${doubt}`, test.at);
    }
  }
  if (test.operator === 'IN') examineSet(test, examined);
  else if (NETWORK.has(test.operator)) examineNetwork(test, examined);
  examineTimestamps(test, examined);
  if (EQUALITY.has(test.operator)) examineHash(test, examined);
}

/** Section 9.7: an object path begins with the type and a property of it; others are custom. */
function examineNames({ path, at }: Test, examined: Examined): void {
  const { objectType } = path;
  if (!SCO_TYPES.has(objectType)) {
    if (objectType.startsWith('x-')) return;
    const detail = `'${shorten(objectType)}' is not an object type${meant(objectType, SCO_TYPES)}`;
    warn(examined, 'unknown_object_type', detail, at);
    return;
  }
  const [property] = keysOf(path);
  const known = OBJECT_TYPES.get(objectType)?.properties;
  if (property === undefined || known === undefined || known.has(property)) return;
  if (property.startsWith('x_')) return;
  const detail = `'${shown(property)}' is not a property of ${objectType}${meant(property, known)}`;
  warn(examined, 'unknown_property', detail, at);
}

function meant(name: string, known: ReadonlySet<string>): string {
  const nearest = nearestName(name, [...known]);
  return nearest === undefined ? '' : `. Did you mean '${nearest}'?`;
}

function examineTimestamps(test: Test, examined: Examined): void {
  for (const literal of test.literals) {
    if (literal.kind === 'timestamp' && comparableTimestamp(literal.text) === undefined) {
      warn(examined, 'impossible_date', `${literal.text} is not a day of the calendar`, test.at);
    }
  }
}

/** Section 9.6.1: the constants of a set are of one kind, where whole numbers are numbers. */
function examineSet(test: Test, examined: Examined): void {
  const kinds = new Set(test.literals.map(({ kind }) => (kind === 'float' ? 'integer' : kind)));
  if (kinds.size < 2) return;
  const detail = `a set has constants of one kind, not ${[...kinds].join(' and ')}`;
  examined.errors.push(finding('mixed_set', detail, 'STIX 2.1 section 9.6.1', test.at));
}

/** Section 9.6.1: networks are compared with networks. Of addresses, `patternValues` tells. */
function examineNetwork({ path, literals, operator, at }: Test, examined: Examined): void {
  const text = literals[0]?.text ?? '';
  if (normalAddress(text) !== undefined) return;
  const kind = kindOfPath(path.objectType, keysOf(path)) ?? '';
  if (operator === 'ISSUBSET' && ADDRESS_KINDS.has(kind)) return;
  const detail = `'${shown(text)}' is not an IP address or network`;
  const found = finding('not_an_address', detail, 'STIX 2.1 section 9', at);
  (ADDRESS_KINDS.has(kind) ? examined.errors : examined.warnings).push(found);
}

function examineHash(test: Test, examined: Examined): void {
  const keys = keysOf(test.path);
  const algorithm = keys.at(-1);
  const last = test.path.steps.at(-1);
  if (algorithm === undefined || !keys.includes('hashes') || !last || 'index' in last) return;
  for (const { kind, text } of test.literals) {
    if (kind !== 'string' || isKnownHashForm(algorithm, text)) continue;
    const detail = `'${shorten(text)}' is not a valid ${shorten(algorithm)} hash`;
    examined.errors.push(finding('invalid_hash', detail, 'STIX 2.1 section 10.7', test.at));
  }
}

/** A doubt about a value in the pattern as a warning; `at` is where its comparison begins. */
export function doubtFinding(value: string, { code, detail }: Doubt, at: number): Finding {
  return finding(code, `'${shown(value)}' ${detail}`, 'STIX 2.1 section 9', at);
}

function warn(examined: Examined, code: string, detail: string, at?: number): void {
  examined.warnings.push(finding(code, detail, 'STIX 2.1 section 9', at));
}

function finding(code: string, detail: string, clause: string, at?: number): Finding {
  const place = at === undefined ? '' : ` (column ${at + 1})`;
  return { code, path: PATH, detail: detail + place, clause };
}

/** Control and invisible characters as escapes. */
function shown(text: string): string {
  return shorten(text).replace(
    /[\p{Cc}\p{Cf}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

function shorten(text: string, length = 80): string {
  return text.length > length ? `${text.slice(0, length).toWellFormed()}…` : text;
}
