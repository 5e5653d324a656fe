/** Reads a STIX pattern: the grammar of STIX 2.1 section 9, by recursive descent. */
import { PatternFault } from './fault.ts';
import { PATTERN_LIMITS, tooLong } from './limits.ts';
import { Scanner } from './scanner.ts';
import type { Word } from './scanner.ts';
import type {
  Comparison,
  Joint,
  Literal,
  LiteralKind,
  ObjectPath,
  ObservationExpression,
  Operator,
  PathStep,
  Pattern,
  Qualifier,
  Test,
} from './syntax.ts';

const LITERAL_KINDS: ReadonlySet<Word> = new Set<LiteralKind>([
  'string',
  'integer',
  'float',
  'boolean',
  'hex',
  'binary',
  'timestamp',
]);

/**
 * Parses a pattern.
 * @throws PatternFault with the place and what was expected there.
 */
export function parsePattern(text: string): Pattern {
  const bytesMax = PATTERN_LIMITS.bytes;
  if (text.length * 3 > bytesMax) {
    const bytes = Buffer.byteLength(text);
    if (bytes > bytesMax)
      throw new PatternFault('pattern_too_long', text, 0, tooLong(bytes, bytesMax));
  }
  return new Parser(text).pattern();
}

class Parser {
  private readonly scan: Scanner;
  private depth = 0;
  private readonly counts = { comparisons: 0, observations: 0, qualifiers: 0, constants: 0 };

  constructor(text: string) {
    this.scan = new Scanner(text);
  }

  pattern(): Pattern {
    const expression = this.joinedObservations('FOLLOWEDBY');
    if (this.scan.word !== 'end')
      throw this.expected('AND, OR, FOLLOWEDBY, a qualifier or the end');
    const { comparisons, observations } = this.counts;
    return { expression, comparisons, observations };
  }

  /** AND binds closest, then OR, then FOLLOWEDBY (section 9.5.3). */
  private joinedObservations(by: Joint): ObservationExpression {
    const first = this.tighterObservation(by);
    if (!this.atKeyword(by)) return first;
    const operands = [first];
    while (this.takeKeyword(by)) operands.push(this.tighterObservation(by));
    return { kind: 'joined', by, operands };
  }

  private tighterObservation(by: Joint): ObservationExpression {
    if (by === 'FOLLOWEDBY') return this.joinedObservations('OR');
    return by === 'OR' ? this.joinedObservations('AND') : this.qualifiedObservation();
  }

  private qualifiedObservation(): ObservationExpression {
    let expression = this.observation();
    for (;;) {
      const qualifier = this.scan.word === 'keyword' ? this.qualifier() : undefined;
      if (!qualifier) return expression;
      this.count('qualifiers');
      expression = { kind: 'qualified', inner: expression, qualifier };
    }
  }

  private observation(): ObservationExpression {
    if (this.take('(')) {
      this.enter();
      const inner = this.joinedObservations('FOLLOWEDBY');
      this.depth -= 1;
      this.need(')');
      return { kind: 'group', inner };
    }
    if (!this.take('[')) throw this.expected("'[' or '('");
    this.count('observations');
    const comparison = this.joinedComparisons('OR');
    if (!this.take(']')) throw this.expected("']'");
    return { kind: 'observation', comparison };
  }

  private qualifier(): Qualifier | undefined {
    if (this.takeKeyword('WITHIN')) {
      const seconds = this.positiveNumber('a number of seconds', true);
      this.needKeyword('SECONDS');
      return { kind: 'WITHIN', seconds };
    }
    if (this.takeKeyword('REPEATS')) {
      const times = this.positiveNumber('a number of times', false);
      this.needKeyword('TIMES');
      return { kind: 'REPEATS', times };
    }
    if (!this.takeKeyword('START')) return undefined;
    const start = this.timestamp();
    this.needKeyword('STOP');
    return { kind: 'START', start, stop: this.timestamp() };
  }

  private positiveNumber(expected: string, fraction: boolean): string {
    const { word, value } = this.scan;
    const fits = word === 'integer' || (fraction && word === 'float');
    if (!fits || value.startsWith('-')) throw this.expected(expected);
    this.scan.next();
    return value;
  }

  private timestamp(): string {
    const { word, value } = this.scan;
    if (word !== 'timestamp') throw this.expected("a timestamp, as in t'2024-01-31T12:00:00Z',");
    this.scan.next();
    return value;
  }

  private joinedComparisons(by: 'AND' | 'OR'): Comparison {
    const first = by === 'OR' ? this.joinedComparisons('AND') : this.comparison();
    if (!this.atKeyword(by)) return first;
    const operands = [first];
    while (this.takeKeyword(by)) {
      operands.push(by === 'OR' ? this.joinedComparisons('AND') : this.comparison());
    }
    return { kind: 'joined', by, operands };
  }

  private comparison(): Comparison {
    if (this.take('(')) {
      this.enter();
      const inner = this.joinedComparisons('OR');
      this.depth -= 1;
      this.need(')');
      return { kind: 'group', inner };
    }
    this.count('comparisons');
    return this.scan.word === 'keyword' ? this.existence() : this.test();
  }

  private existence(): Test {
    const at = this.scan.start;
    const negated = this.takeKeyword('NOT');
    if (!this.takeKeyword('EXISTS')) {
      throw this.expected(negated ? 'EXISTS' : "an object path, '(', EXISTS or NOT EXISTS");
    }
    const path = this.objectPath();
    return { kind: 'test', path, negated, operator: 'EXISTS', literals: [], at };
  }

  private test(): Test {
    const at = this.scan.start;
    const path = this.objectPath();
    const negated = this.takeKeyword('NOT');
    const operator = this.operator();
    return { kind: 'test', path, negated, operator, literals: this.operands(operator), at };
  }

  private operator(): Operator {
    const { word, value } = this.scan;
    const isOperator =
      word === 'operator' ||
      (word === 'keyword' && (value === 'IN' || STRING_OPERATORS.has(value)));
    if (!isOperator) throw this.expected('a comparison operator');
    this.scan.next();
    return value as Operator;
  }

  private operands(operator: Operator): readonly Literal[] {
    if (operator === 'IN') return this.set();
    const { word } = this.scan;
    if (STRING_OPERATORS.has(operator)) {
      if (word !== 'string') throw this.expected('a string in quotes');
    } else if (word === 'boolean' && ORDER_OPERATORS.has(operator)) {
      throw this.expected('a constant that has an order');
    }
    return [this.literal()];
  }

  private set(): readonly Literal[] {
    this.need('(');
    const literals: Literal[] = [];
    if (this.take(')')) return literals;
    do literals.push(this.literal());
    while (this.take(','));
    this.need(')');
    return literals;
  }

  private literal(): Literal {
    const { word, value } = this.scan;
    if (!LITERAL_KINDS.has(word)) throw this.expected('a constant');
    this.count('constants');
    this.scan.next();
    return { kind: word as LiteralKind, text: value };
  }

  private objectPath(): ObjectPath {
    const { word, value } = this.scan;
    if (word !== 'identifier' && word !== 'hyphenated') throw this.expected('an object path');
    this.scan.next();
    if (!this.take(':')) throw this.expected("':'");
    const steps: PathStep[] = [this.key()];
    for (;;) {
      if (this.take('.')) steps.push(this.key());
      else if (this.take('[')) steps.push(this.index());
      else return { objectType: value, steps };
    }
  }

  private key(): PathStep {
    const { word, value } = this.scan;
    if (word !== 'identifier' && word !== 'string') {
      throw this.expected(word === 'hyphenated' ? 'a name without hyphens or in quotes' : 'a name');
    }
    this.scan.next();
    return { key: value, quoted: word === 'string' };
  }

  private index(): PathStep {
    const { word, value } = this.scan;
    if (word !== 'integer' && word !== '*') throw this.expected("an index or '*'");
    this.scan.next();
    this.need(']');
    return { index: word === '*' ? '*' : value };
  }

  private enter(): void {
    this.depth += 1;
    if (this.depth <= PATTERN_LIMITS.depth) return;
    throw this.tooComplex(
      `parentheses nested deeper than the limit of ${PATTERN_LIMITS.depth} levels`,
    );
  }

  /** Counts one more. Throws where there are too many: nothing is read beyond a limit. */
  private count(what: keyof Parser['counts']): void {
    this.counts[what] += 1;
    if (this.counts[what] <= PATTERN_LIMITS[what]) return;
    throw this.tooComplex(`more ${what} than the limit of ${PATTERN_LIMITS[what]}`);
  }

  private take(word: Word): boolean {
    if (this.scan.word !== word) return false;
    this.scan.next();
    return true;
  }

  private need(word: Word): void {
    if (!this.take(word)) throw this.expected(`'${word}'`);
  }

  private atKeyword(name: string): boolean {
    return this.scan.word === 'keyword' && this.scan.value === name;
  }

  private takeKeyword(name: string): boolean {
    if (!this.atKeyword(name)) return false;
    this.scan.next();
    return true;
  }

  private needKeyword(name: string): void {
    if (!this.takeKeyword(name)) throw this.expected(name);
  }

  private expected(what: string): PatternFault {
    const { text, start, end, word } = this.scan;
    const shown = text.slice(start, Math.min(end, start + 40)).toWellFormed();
    const found = word === 'end' ? 'the end of the pattern' : shown;
    return new PatternFault('pattern_syntax', text, start, `expected ${what}`, found);
  }

  private tooComplex(problem: string): PatternFault {
    return new PatternFault('pattern_too_complex', this.scan.text, this.scan.start, problem);
  }
}

const STRING_OPERATORS: ReadonlySet<string> = new Set([
  'LIKE',
  'MATCHES',
  'ISSUBSET',
  'ISSUPERSET',
]);
const ORDER_OPERATORS: ReadonlySet<Operator> = new Set<Operator>(['<', '<=', '>', '>=']);
