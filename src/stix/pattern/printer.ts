/** Writes a pattern as text: the inverse of the parser, with single blanks. STIX 2.1 section 9. */
import type {
  Comparison,
  Literal,
  ObjectPath,
  ObservationExpression,
  Pattern,
  Qualifier,
  Test,
} from './syntax.ts';

/** The pattern as its author wrote it, but for blanks and comments. */
export function printPattern(pattern: Pattern): string {
  return printObservation(pattern.expression);
}

function printObservation(expression: ObservationExpression): string {
  switch (expression.kind) {
    case 'observation':
      return `[${printComparison(expression.comparison)}]`;
    case 'joined':
      return expression.operands.map(printObservation).join(` ${expression.by} `);
    case 'group':
      return `(${printObservation(expression.inner)})`;
    case 'qualified':
      return `${printObservation(expression.inner)} ${printQualifier(expression.qualifier)}`;
  }
}

/** A qualifier as it follows an observation. */
export function printQualifier(qualifier: Qualifier): string {
  switch (qualifier.kind) {
    case 'WITHIN':
      return `WITHIN ${qualifier.seconds} SECONDS`;
    case 'REPEATS':
      return `REPEATS ${qualifier.times} TIMES`;
    case 'START':
      return `START t'${qualifier.start}' STOP t'${qualifier.stop}'`;
  }
}

function printComparison(comparison: Comparison): string {
  switch (comparison.kind) {
    case 'test':
      return printTest(comparison);
    case 'joined':
      return comparison.operands.map(printComparison).join(` ${comparison.by} `);
    case 'group':
      return `(${printComparison(comparison.inner)})`;
  }
}

function printTest(test: Test): string {
  const path = printPath(test.path);
  const not = test.negated ? 'NOT ' : '';
  if (test.operator === 'EXISTS') return `${not}EXISTS ${path}`;
  const literals = test.literals.map(printLiteral).join(', ');
  return `${path} ${not}${test.operator} ${test.operator === 'IN' ? `(${literals})` : literals}`;
}

/** `file:hashes.'SHA-256'` */
function printPath(path: ObjectPath): string {
  let text = '';
  for (const step of path.steps) {
    if ('index' in step) text += `[${step.index}]`;
    else text += `${text && '.'}${step.quoted ? quote(step.key) : step.key}`;
  }
  return `${path.objectType}:${text}`;
}

/** A constant with its quotes and prefix. */
export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'string':
      return quote(literal.text);
    case 'hex':
      return `h'${literal.text}'`;
    case 'binary':
      return `b'${literal.text}'`;
    case 'timestamp':
      return `t'${literal.text}'`;
    default:
      return literal.text;
  }
}

/** A string in quotes, quotes and backslashes in it escaped. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
