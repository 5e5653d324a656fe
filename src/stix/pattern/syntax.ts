/**
 * A STIX pattern as a tree: STIX 2.1 section 9. It keeps what the author wrote (signs of operators,
 * digits of numbers, quotes of keys, parentheses), so that it prints as it was read but for blanks.
 */

export interface Pattern {
  readonly expression: ObservationExpression;
  /** How many comparisons it makes. */
  readonly comparisons: number;
  /** How many observations, each in square brackets, it joins. */
  readonly observations: number;
}

/** Section 9.5. Operands of `and`, `or` and `followedby` are two or more, none of the same kind. */
export type ObservationExpression =
  | { readonly kind: 'observation'; readonly comparison: Comparison }
  | { readonly kind: 'joined'; readonly by: Joint; readonly operands: ObservationExpression[] }
  | { readonly kind: 'group'; readonly inner: ObservationExpression }
  | {
      readonly kind: 'qualified';
      readonly inner: ObservationExpression;
      readonly qualifier: Qualifier;
    };

export type Joint = 'AND' | 'OR' | 'FOLLOWEDBY';

/** Section 9.5.1. Numbers and timestamps as written. */
export type Qualifier =
  | { readonly kind: 'WITHIN'; readonly seconds: string }
  | { readonly kind: 'REPEATS'; readonly times: string }
  | { readonly kind: 'START'; readonly start: string; readonly stop: string };

/** Section 9.6. */
export type Comparison =
  | Test
  | { readonly kind: 'joined'; readonly by: 'AND' | 'OR'; readonly operands: Comparison[] }
  | { readonly kind: 'group'; readonly inner: Comparison };

/** One comparison of an object path with a constant, or EXISTS, which has no constant. */
export interface Test {
  readonly kind: 'test';
  readonly path: ObjectPath;
  readonly negated: boolean;
  readonly operator: Operator;
  readonly literals: readonly Literal[];
  /** Where it begins in the text, in UTF-16 code units from 0. */
  readonly at: number;
}

/** Section 9.6.1; `==` and `<>` are other ways to write `=` and `!=`. */
export type Operator =
  | '='
  | '=='
  | '!='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | 'IN'
  | 'LIKE'
  | 'MATCHES'
  | 'ISSUBSET'
  | 'ISSUPERSET'
  | 'EXISTS';

/** Section 9.7: `type:step.step[index]`. */
export interface ObjectPath {
  readonly objectType: string;
  readonly steps: readonly PathStep[];
}

/** A property or dictionary key, quoted or not; or an index (`0`, `-1`, `*`) as written. */
export type PathStep =
  { readonly key: string; readonly quoted: boolean } | { readonly index: string };

/** Section 9.2. The text is the value of a string, unescaped, and what was written of all others. */
export interface Literal {
  readonly kind: LiteralKind;
  readonly text: string;
}

export type LiteralKind =
  'string' | 'integer' | 'float' | 'boolean' | 'hex' | 'binary' | 'timestamp';
