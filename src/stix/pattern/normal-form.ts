/**
 * One text for patterns that say the same: STIX 2.1 section 9. It undoes what authors vary (blanks,
 * the order of operands, quotes of keys, `==`, NOT, sets, the case of hashes and names), and never
 * joins two patterns that match different things.
 */
import { comparableTimestamp } from '../timestamp.ts';
import { hashAlgorithmName } from '../value/hash.ts';
import { kindOfPath } from '../value/kind.ts';
import { normalise } from '../value/normalise.ts';
import { keysOf } from './observables.ts';
import { printLiteral, printQualifier, quote } from './printer.ts';
import type {
  Comparison,
  Joint,
  Literal,
  ObjectPath,
  ObservationExpression,
  Operator,
  Pattern,
  Qualifier,
  Test,
} from './syntax.ts';

const BARE_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
const OPPOSITE: Readonly<Partial<Record<Operator, Operator>>> = { '=': '!=', '!=': '=' };

/** The pattern's normal form; equal texts mean equal patterns. */
export function normalForm(pattern: Pattern): string {
  return observationForm(pattern.expression).text;
}

/** How close what stands around binds: a looser joint inside needs parentheses. */
const CLOSENESS = { FOLLOWEDBY: 0, OR: 1, AND: 2, qualifier: 3, bracket: 4 } as const;

interface Form {
  readonly text: string;
  /** What holds it together, which tells whether it needs parentheses. */
  readonly by: keyof typeof CLOSENESS;
}

function observationForm(node: ObservationExpression): Form {
  switch (node.kind) {
    case 'observation':
      return { text: `[${comparisonForm(node.comparison, 'OR')}]`, by: 'bracket' };
    case 'group':
      return observationForm(node.inner);
    case 'qualified': {
      const inner = within('qualifier', observationForm(node.inner));
      return { text: `${inner} ${printQualifier(normalQualifier(node.qualifier))}`, by: 'bracket' };
    }
    case 'joined': {
      const { by } = node;
      const forms = flatObservations(node, by).map(observationForm);
      const texts = ordered(
        forms.map((form) => within(by, form)),
        by,
      );
      const [only] = forms;
      // Every operand says the same: one of them says it all.
      if (texts.length === 1 && only !== undefined) return only;
      return { text: texts.join(` ${by} `), by };
    }
  }
}

function within(around: keyof typeof CLOSENESS, { text, by }: Form): string {
  return CLOSENESS[by] > CLOSENESS[around] ? text : `(${text})`;
}

/** The operands of nested joints of one kind, without their parentheses. */
function flatObservations(node: ObservationExpression, by: Joint): ObservationExpression[] {
  const bare = node.kind === 'group' ? ungrouped(node) : node;
  if (bare.kind !== 'joined' || bare.by !== by) return [bare];
  // FOLLOWEDBY is not the same when its operands are grouped otherwise.
  if (by === 'FOLLOWEDBY') return bare.operands;
  return bare.operands.flatMap((operand) => flatObservations(operand, by));
}

function ungrouped(node: ObservationExpression): ObservationExpression {
  let inner = node;
  while (inner.kind === 'group') inner = inner.inner;
  return inner;
}

/** Observations joined by AND must be different ones, so that repeats count; by OR they do not. */
function ordered(forms: readonly string[], by: Joint): string[] {
  if (by === 'FOLLOWEDBY') return [...forms];
  return by === 'AND' ? forms.toSorted() : [...new Set(forms)].toSorted();
}

function normalQualifier(qualifier: Qualifier): Qualifier {
  switch (qualifier.kind) {
    case 'WITHIN':
      return { kind: 'WITHIN', seconds: normalNumber(qualifier.seconds) };
    case 'REPEATS':
      return { kind: 'REPEATS', times: normalNumber(qualifier.times) };
    case 'START':
      return {
        kind: 'START',
        start: comparableTimestamp(qualifier.start) ?? qualifier.start,
        stop: comparableTimestamp(qualifier.stop) ?? qualifier.stop,
      };
  }
}

function comparisonForm(node: Comparison, within: 'AND' | 'OR'): string {
  switch (node.kind) {
    case 'test':
      return testForm(node);
    case 'group':
      return comparisonForm(node.inner, within);
    case 'joined': {
      const operands = flatComparisons(node, node.by);
      const forms = node.by === 'OR' ? alternativeForms(operands) : operands.map(bound);
      const unique = [...new Set(forms)].toSorted();
      const text = unique.join(` ${node.by} `);
      return unique.length > 1 && within === 'AND' && node.by === 'OR' ? `(${text})` : text;
    }
  }
}

function bound(node: Comparison): string {
  return comparisonForm(node, 'AND');
}

function flatComparisons(node: Comparison, by: 'AND' | 'OR'): Comparison[] {
  let bare = node;
  while (bare.kind === 'group') bare = bare.inner;
  if (bare.kind !== 'joined' || bare.by !== by) return [bare];
  return bare.operands.flatMap((operand) => flatComparisons(operand, by));
}

/** `a = 1 OR a = 2` is `a IN (1, 2)`. */
function alternativeForms(operands: readonly Comparison[]): string[] {
  const forms: string[] = [];
  const sets = new Map<string, Set<string>>();
  for (const operand of operands) {
    if (operand.kind !== 'test' || !isEquality(operand)) {
      forms.push(comparisonForm(operand, 'OR'));
      continue;
    }
    const path = pathForm(operand.path);
    const values = sets.get(path) ?? new Set();
    for (const form of literalForms(operand)) values.add(form);
    sets.set(path, values);
  }
  for (const [path, values] of sets) forms.push(setForm(path, values, false));
  return forms;
}

/** True for `=` and IN as they match, whatever NOT stands before them. */
function isEquality(test: Test): boolean {
  const { operator, negated } = plainOperator(test);
  return !negated && (operator === '=' || (operator === 'IN' && test.literals.length > 0));
}

/** `==` and `<>` spelt otherwise, and NOT taken into `=` and `!=`. */
function plainOperator(test: Test): { operator: Operator; negated: boolean } {
  const spelt: Operator =
    test.operator === '==' ? '=' : test.operator === '<>' ? '!=' : test.operator;
  const opposite = test.negated ? OPPOSITE[spelt] : undefined;
  return opposite
    ? { operator: opposite, negated: false }
    : { operator: spelt, negated: test.negated };
}

function testForm(test: Test): string {
  const path = pathForm(test.path);
  const { operator, negated } = plainOperator(test);
  if (operator === 'EXISTS') return `${negated ? 'NOT ' : ''}EXISTS ${path}`;
  const isCompared = operator === '=' || operator === '!=' || operator === 'IN';
  const values = isCompared ? literalForms(test) : test.literals.map(plainLiteral);
  if (operator === 'IN') return setForm(path, new Set(values), negated);
  return `${path} ${negated ? 'NOT ' : ''}${operator} ${values.join('')}`;
}

function setForm(path: string, values: ReadonlySet<string>, negated: boolean): string {
  const sorted = [...values].toSorted();
  if (sorted.length === 1 && !negated) return `${path} = ${sorted.join('')}`;
  return `${path} ${negated ? 'NOT ' : ''}IN (${sorted.join(', ')})`;
}

function pathForm(path: ObjectPath): string {
  let text = `${path.objectType}:`;
  let previous = '';
  path.steps.forEach((step, index) => {
    if ('index' in step) {
      text += `[${step.index === '*' ? '*' : normalNumber(step.index)}]`;
      return;
    }
    const key = previous === 'hashes' ? hashAlgorithmName(step.key) : step.key;
    text += `${index > 0 ? '.' : ''}${BARE_KEY.test(key) ? key : quote(key)}`;
    previous = step.key;
  });
  return text;
}

/** The path is looked at once, however many constants there are. */
function literalForms({ path, literals }: Test): string[] {
  const kind = kindOfPath(path.objectType, keysOf(path));
  return literals.map((literal) => literalForm(kind, literal));
}

/** A string as it is looked up, where its path says what it is and nothing about it is doubtful. */
function literalForm(kind: string | undefined, literal: Literal): string {
  if (literal.kind !== 'string') return plainLiteral(literal);
  if (kind === undefined || !COMPARED_BY_MEANING.test(kind)) return quote(literal.text);
  const { value, doubts } = normalise(kind, literal.text);
  return quote(doubts.every(({ code }) => HARMLESS.has(code)) ? value : literal.text);
}

/** Doubts about what a value is for, not about which value it is. */
const HARMLESS: ReadonlySet<string> = new Set([
  'special_purpose_address',
  'whole_internet',
  'wide_network',
]);

/** Kinds whose values mean the same in any case or spelling. */
const COMPARED_BY_MEANING = /^(?:domain-name|ipv[46]-addr|mac-addr|(?:x509-)?hash:.*)$/;

function plainLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'integer':
    case 'float':
      return normalNumber(literal.text);
    case 'hex':
      return `h'${literal.text.toLowerCase()}'`;
    case 'timestamp':
      return `t'${comparableTimestamp(literal.text) ?? literal.text}'`;
    default:
      return printLiteral(literal);
  }
}

/** Without a plus sign and without zeros that change nothing: `+01.50` is `1.5`, `2.0` is `2`. */
function normalNumber(text: string): string {
  const [, minus = '', whole = '', fraction = ''] =
    /^[+]?(-?)0*([0-9]*)(?:\.([0-9]*))?$/.exec(text) ?? [];
  let end = fraction.length;
  while (end > 0 && fraction[end - 1] === '0') end -= 1;
  const digits = fraction.slice(0, end);
  const number = `${whole || '0'}${digits && `.${digits}`}`;
  return number === '0' ? '0' : minus + number;
}
