/** Finds the objects in the text of a bundle (STIX 2.1 section 8), before any of it is read. */
import { JsonFault } from '../json/fault.ts';
import { tooManyValues, valuesMaxOf } from '../json/read.ts';
import { afterString, Survey } from '../json/survey.ts';
import type { Steps } from '../steps.ts';

const QUOTE = 34;
const COMMA = 44;
const OPEN_OBJECT = 123;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;

/** Characters that are looked at, or read, in one step. */
const STEP = 64 * 1024;
/** Characters of a text that is read in one go: an object, or all of a bundle but its objects. */
export const WHOLE_MAX = 6 * 1024 * 1024;

/** What a bundle may hold. */
export interface BundleLimits {
  readonly objectsMax: number;
  /** Values in lists and objects, of the whole. */
  readonly valuesMax: number;
}

/** Elements that stand next to each other, of about a step's length. */
export interface Batch {
  /** The first element's place in the list. */
  readonly first: number;
  readonly colons: number;
  /** Whether each of its elements is to be read by itself. */
  readonly isDoubtful: boolean;
  /** Where each element begins and ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Why its only element is not read, if that is so. */
  readonly refusal: Refusal | undefined;
}

type Refusal = 'object_too_large' | 'too_many_values';

export interface SplitBundle {
  readonly text: string;
  /** The place of `[`, and that of `]` or the end of the text. */
  readonly start: number;
  readonly end: number;
  readonly batches: readonly Batch[];
  readonly values: number;
}

/**
 * Finds the elements of the outermost member `objects`, step by step, and counts what they hold. The
 * text need not be valid JSON; whatever is wrong with it is then found within what was split.
 * @returns undefined when there is no such member or it is not a list
 * @throws JsonFault when a limit is exceeded
 */
export function* splitObjects(text: string, limits: BundleLimits): Steps<SplitBundle | undefined> {
  const start = findList(text);
  if (start === undefined) {
    if (text.length <= WHOLE_MAX) return undefined;
    throw tooLongOutside();
  }
  const splitter = new Splitter(text, start, limits);
  while (!splitter.step()) yield undefined;
  const { at: end, batches, values } = splitter;
  if (text.length - (end - start) > WHOLE_MAX) throw tooLongOutside();
  return { text, start, end, batches, values };
}

function tooLongOutside(): JsonFault {
  const detail =
    `A bundle may have ${WHOLE_MAX} characters outside of its list \`objects\`, ` +
    'and an object by itself as many';
  return new JsonFault('body_too_large', '$', detail);
}

/** The place of the `[` of the list, if it is within what may be outside of a list. */
function findList(text: string): number | undefined {
  const end = Math.min(text.length, WHOLE_MAX);
  let depth = 0;
  let key = '';
  let keyFollows = false;
  for (let at = 0; at < end; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const after = afterString(text, at);
      if (keyFollows) key = keyIn(text.slice(at, after));
      at = after - 1;
    }
    if (char === OPEN_LIST && depth === 0) return undefined;
    if (char === OPEN_LIST && depth === 1 && key === 'objects') return at;
    depth += levelsOf(char);
    // Of the bundle's own texts, those behind `{` or `,` are keys; blanks change nothing.
    if (!isBlank(char)) keyFollows = depth === 1 && (char === COMMA || char === OPEN_OBJECT);
  }
  return undefined;
}

/** A key however it is written; nothing where it is not JSON. */
function keyIn(quoted: string): string {
  if (quoted.length > 100) return '';
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return '';
  }
}

/** How much deeper a character leads outside of strings. */
function levelsOf(char: number): number {
  if (char === OPEN_OBJECT || char === OPEN_LIST) return 1;
  return char === CLOSE_LIST || char === 125 ? -1 : 0;
}

/** RFC 8259 section 2. */
function isBlank(char: number): boolean {
  return char === 32 || char === 9 || char === 10 || char === 13;
}

class Splitter {
  at: number;
  values = 0;
  readonly batches: Batch[] = [];
  private readonly text: string;
  private readonly limits: BundleLimits;
  private readonly survey: Survey;
  private from: number;
  private count = 0;
  private starts: number[] = [];
  private ends: number[] = [];
  private colons = 0;
  private isDoubtful = false;

  constructor(text: string, start: number, limits: BundleLimits) {
    this.text = text;
    this.limits = limits;
    this.from = start + 1;
    this.at = this.from;
    this.survey = new Survey(text, this.from);
  }

  /** Takes a step; true at the end of the list. */
  step(): boolean {
    const until = Math.min(this.text.length, this.survey.at + STEP);
    while (this.survey.at < until || until === this.text.length) {
      const hasEnded = this.survey.advance(until);
      this.refuseValues();
      if (!hasEnded && until < this.text.length) return false;
      if (!this.endElement()) return true;
    }
    return false;
  }

  /** Notes the element that ends here; false when it is the last one. */
  private endElement(): boolean {
    const { text, survey, from } = this;
    const isLast = text.charCodeAt(survey.at) !== COMMA;
    this.at = survey.at;
    // A list that does not end as it should is read element by element, so that the place is found.
    if (isLast && text.charCodeAt(survey.at) !== CLOSE_LIST) this.isDoubtful = true;
    const isNone = isLast && this.count === 0 && isEmptyList(text, from, survey.at);
    if (!isNone) this.note(from, survey.at);
    if (isLast) this.close();
    this.values += survey.values;
    this.from = survey.at + 1;
    survey.restart(this.from);
    return !isLast;
  }

  private note(start: number, end: number): void {
    this.count += 1;
    if (this.count > this.limits.objectsMax) throw tooManyObjects(this.limits.objectsMax);
    const { survey } = this;
    const refusal = refusalOf(end - start, survey.values);
    if (refusal !== undefined) this.close();
    this.starts.push(start);
    this.ends.push(end);
    this.colons += survey.colons;
    this.isDoubtful ||= survey.isDoubtful;
    const isFull = end - (this.starts[0] ?? start) >= STEP;
    if (isFull || refusal !== undefined) this.close(refusal);
  }

  private close(refusal?: Refusal): void {
    const { starts, ends, colons, isDoubtful, count } = this;
    if (starts.length === 0) return;
    const first = count - starts.length;
    this.batches.push({ first, colons, isDoubtful, starts, ends, refusal });
    this.starts = [];
    this.ends = [];
    this.colons = 0;
    this.isDoubtful = false;
  }

  private refuseValues(): void {
    const { valuesMax } = this.limits;
    if (this.values + this.survey.values > valuesMax) throw tooManyValues(valuesMax);
  }
}

function refusalOf(characters: number, values: number): Refusal | undefined {
  if (characters > WHOLE_MAX) return 'object_too_large';
  return values > valuesMaxOf(characters) ? 'too_many_values' : undefined;
}

function isEmptyList(text: string, from: number, end: number): boolean {
  return text.charCodeAt(end) === CLOSE_LIST && text.slice(from, end).trim() === '';
}

function tooManyObjects(objectsMax: number): JsonFault {
  const detail =
    `The bundle has more than ${objectsMax} objects, which one JSON document may have. ` +
    'Send one object per line as application/x-ndjson, which has no limit';
  return new JsonFault('bundle_too_large', '$.objects', detail);
}
