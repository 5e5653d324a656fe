/**
 * Says in plain English what zod found wrong. Zod's own texts ("Invalid input: expected string,
 * received undefined") never reach a reader: everything that parses somebody's input does it here.
 */
import { z } from 'zod';
import { didYouMean } from './spelling.ts';
import { expectationOf } from './schema-expectation.ts';

/** One thing that is wrong: where, and a sentence that says what. */
export interface SchemaIssue {
  /** As `contacts[0].email`; empty where it is about the whole. */
  readonly path: string;
  readonly detail: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly SchemaIssue[] };

interface ParseOptions {
  /** What the input is, to begin a sentence: "The body". */
  readonly subject: string;
  /** What one of its entries is called: "member", "parameter", "setting". */
  readonly entry: string;
}

/** Parsing goes on to the end; of a long list, nobody reads more. */
const ISSUES_MAX = 20;
const VALUE_CHARACTERS_MAX = 60;

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Parses an input by its schema. */
export function parsed<S extends z.ZodType>(
  schema: S,
  input: unknown,
  options: ParseOptions,
): Parsed<z.output<S>> {
  const error = (issue: RawIssue): string => predicateOf(issue, input, options);
  const result = schema.safeParse(input, { error });
  if (result.success) return { ok: true, value: result.data };
  const issues = innermost(result.error.issues).flatMap((issue) => told(issue, options));
  return { ok: false, issues: issues.slice(0, ISSUES_MAX) };
}

/** The messages of a schema's own and those of `predicateOf` have one form. */
function told(issue: Issue, { subject }: ParseOptions): SchemaIssue[] {
  const path = pathOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const sentences = issue.message.split('\n');
    return sentences.map((detail, index) => {
      const key = issue.keys[index] ?? '';
      return { path: pathOf([...issue.path, key]), detail };
    });
  }
  const isSentence = /^\p{Lu}/u.test(issue.message);
  const start = path === '' ? subject : `\`${path}\``;
  const detail = isSentence ? issue.message : `${start} ${issue.message}`;
  return [{ path, detail: /[.?]$/.test(detail) ? detail : `${detail}.` }];
}

/** Of alternatives, the issues within the one that the input resembles, if it resembles just one. */
function innermost(issues: readonly Issue[]): Issue[] {
  return issues.slice(0, ISSUES_MAX).flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const [only, ...others] = issue.errors.filter((errors) => errors.some(isWithin));
    if (only === undefined || others.length > 0) return [issue];
    return innermost(only.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  });
}

/** Whether the input was of the right kind, and something about it was wrong. */
function isWithin({ path, code }: Issue): boolean {
  return path.length > 0 || code === 'unrecognized_keys' || code === 'custom';
}

/**
 * What is said of the value at the path, beginning in lower case ("is missing", "must be true or
 * false"); or a whole sentence, which begins with a capital.
 */
function predicateOf(issue: RawIssue, whole: unknown, { entry }: ParseOptions): string {
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, entry);
  // What was not a number is in the issue as NaN.
  const input = Number.isNaN(issue.input) ? valueAt(whole, issue.path ?? []) : issue.input;
  if (input === undefined) return 'is missing';
  const { expectation, shows } = expectationOf(schemaOf(issue), input);
  const given = countOf(issue, input);
  if (given !== undefined) return `must be ${expectation}; ${given}`;
  return `must be ${expectation}${shows ? `, not ${shown(input)}` : ''}`;
}

/** How many there are, of what must have fewer or more: the value itself would not tell. */
function countOf(issue: RawIssue, input: unknown): string | undefined {
  if (issue.code !== 'too_big' && issue.code !== 'too_small') return undefined;
  if (!Array.isArray(input) && typeof input !== 'string') return undefined;
  return `this one has ${input.length}`;
}

function schemaOf(issue: RawIssue): z.core.$ZodType | undefined {
  const owner: unknown = Reflect.get(issue, 'schema') ?? issue.inst;
  return owner instanceof z.core.$ZodType ? owner : undefined;
}

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  let value = whole;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** A sentence for each unknown key, one a line. */
function unknownKeys(issue: RawIssue, entry: string): string {
  const keys: unknown = Reflect.get(issue, 'keys');
  const schema = schemaOf(issue);
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return (Array.isArray(keys) ? keys.slice(0, ISSUES_MAX) : [])
    .map(
      (key) =>
        `Unknown ${entry}: \`${bounded(oneLine(String(key)))}\`.${didYouMean(String(key), known)}`,
    )
    .join('\n');
}

function pathOf(steps: readonly PropertyKey[]): string {
  let path = '';
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`;
    else path += `${path === '' ? '' : '.'}${bounded(oneLine(String(step)))}`;
  }
  return path;
}

/** A value as JSON, cut off where it is long; lists and objects by their kind. */
function shown(input: unknown): string {
  if (typeof input === 'string') return JSON.stringify(bounded(input));
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object';
  return String(input);
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}

function bounded(text: string): string {
  if (text.length <= VALUE_CHARACTERS_MAX) return text;
  return `${text.slice(0, VALUE_CHARACTERS_MAX).toWellFormed()}…`;
}
