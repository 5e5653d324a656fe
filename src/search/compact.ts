/**
 * The text form of a filter: `type:indicator label:c2 confidence>=70 in:198.51.100.0/24 "cobalt strike"`.
 * Parts are separated by blanks; a part without a field is a text to be found. A value with blanks or quotes
 * stands in double quotes, in which `\"` and `\\` are a quote and a backslash.
 */
import { Problem } from '../errors.ts';
import { didYouMean } from '../spelling.ts';
import { listNamed, rangeNamed, TEXT_NAMES } from './fields.ts';

/** Longer texts are not read. */
export const QUERY_MAX = 4000;

/** A filter as it was written, not checked yet, and where in the text each of its values begins. */
export interface WrittenFilter {
  readonly filter: Readonly<Record<string, unknown>>;
  /** Columns from 1, by path: `labels[0]`, `confidence_min`. */
  readonly columns: ReadonlyMap<string, number>;
}

type Written = { filter: Record<string, unknown>; columns: Map<string, number> };

interface Part {
  readonly name: string | undefined;
  readonly operator: string;
  readonly value: string;
  /** Where it begins, and where its value does. */
  readonly at: number;
  readonly valueAt: number;
}

const BLANK = /\s*/y;
const HEAD = /([A-Za-z_]+)(:|>=|<=|>|<|=)/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/suy;
const BARE = /[^\s"]+/uy;

/** Reads a text. Throws Problem search_syntax, which points at a column. */
export function parseCompact(text: string): WrittenFilter {
  if (text.length > QUERY_MAX) {
    throw syntaxFault(QUERY_MAX, `the text is longer than ${QUERY_MAX} characters`);
  }
  const written: Written = { filter: {}, columns: new Map() };
  for (const part of partsOf(text)) add(part, written);
  return written;
}

/** A fault of the text; the column counts UTF-16 code units from 1. */
export function syntaxFault(column: number, detail: string): Problem {
  return new Problem('search_syntax', `Column ${column}: ${detail}`, { extra: { column } });
}

function* partsOf(text: string): Generator<Part> {
  for (let at = blanksAt(text, 0); at < text.length;) {
    const [, name, operator = ''] = matchAt(HEAD, text, at) ?? [];
    const valueAt = at + (name?.length ?? 0) + operator.length;
    const { value, end } = valueFrom(text, valueAt);
    yield { name: name?.toLowerCase(), operator, value, at, valueAt };
    at = end + blanksAt(text, end);
    if (at === end && end < text.length) {
      throw syntaxFault(end + 1, 'put a blank between two parts, and values with quotes in quotes');
    }
  }
}

/** How many blanks there are at that place. */
function blanksAt(text: string, at: number): number {
  return matchAt(BLANK, text, at)?.[0].length ?? 0;
}

function valueFrom(text: string, at: number): { value: string; end: number } {
  const quoted = matchAt(QUOTED, text, at);
  if (quoted !== undefined) {
    const value = (quoted[1] ?? '').replaceAll(/\\(.)/gsu, '$1');
    return { value, end: at + quoted[0].length };
  }
  if (text[at] === '"') throw syntaxFault(at + 1, 'this quote is not closed. Add a `"` at the end');
  const [value] = matchAt(BARE, text, at) ?? [''];
  if (value === '') throw syntaxFault(at + 1, 'a value is missing here');
  return { value, end: at + value.length };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function add({ name, operator, value, at, valueAt }: Part, written: Written): void {
  if (name === undefined) return addTo('text', value, valueAt, written);
  const range = rangeNamed(name);
  if (range !== undefined) return addRange(range, { name, operator, value, at, valueAt }, written);
  const field = listNamed(name);
  if (field === undefined) {
    const meant = didYouMean(name, TEXT_NAMES);
    throw syntaxFault(
      at + 1,
      `unknown field \`${name}\`.${meant} Put a text with \`${operator}\` in quotes`,
    );
  }
  if (operator !== ':' && operator !== '=') {
    throw syntaxFault(
      at + name.length + 1,
      `\`${name}\` is not compared: write \`${name}:\` and a value`,
    );
  }
  return addTo(field, value, valueAt, written);
}

function addTo(field: string, value: string, at: number, { filter, columns }: Written): void {
  const list = (filter[field] ??= []);
  if (!Array.isArray(list)) return;
  columns.set(`${field}[${list.length}]`, at + 1);
  if (list.length === 0) columns.set(field, at + 1);
  list.push(value);
}

function addRange(
  [lower, upper]: readonly [string, string],
  { name, operator, value, at, valueAt }: Part & { readonly name: string },
  { filter, columns }: Written,
): void {
  const isNumber = name === 'confidence';
  const isExact = operator === ':' || operator === '=';
  if (operator === '>' || operator === '<' || (isExact && !isNumber)) {
    throw syntaxFault(at + name.length + 1, `write \`${name}>=\` or \`${name}<=\``);
  }
  const given = isNumber && /^\d{1,4}$/.test(value) ? Number(value) : value;
  const fields = isExact ? [lower, upper] : [operator === '>=' ? lower : upper];
  for (const field of fields) {
    if (Object.hasOwn(filter, field)) {
      throw syntaxFault(at + 1, `\`${name}${operator}\` is given twice`);
    }
    filter[field] = given;
    columns.set(field, valueAt + 1);
  }
}
