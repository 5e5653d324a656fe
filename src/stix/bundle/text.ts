/**
 * A bundle's text, object by object: what cannot be kept of one object (RFC 7493, see json.ts) must
 * not lose the others. Syntax (RFC 8259) is a matter of the whole text.
 */
import {
  JSON_VALUES_MAX,
  parseJson,
  parsePlainList,
  tooManyValues,
  valuesMaxOf,
  withoutMark,
} from '../json/read.ts';
import {
  faultAt,
  faultWithin,
  findSpot,
  findSpotInElement,
  type FaultSpot,
} from '../json/exact.ts';
import { JsonFault } from '../json/fault.ts';
import { LineCounter } from '../json/origin.ts';
import {
  splitObjects,
  WHOLE_MAX,
  type Batch,
  type BundleLimits,
  type SplitBundle,
} from './split.ts';
import { drained, type Steps } from '../steps.ts';

/** Stands in the place of an object that could not be read, and says why. */
export class Unreadable {
  /** The object's id, where it has one that can be named. */
  readonly id: string | undefined;
  readonly code: string;
  /** JSONPath within the object. */
  readonly path: string;
  /** Lines and columns are counted from the beginning of the document. */
  readonly detail: string;

  constructor(fault: Pick<Unreadable, 'code' | 'path' | 'detail'>, id?: string) {
    this.id = id;
    this.code = fault.code;
    this.path = fault.path;
    this.detail = fault.detail;
  }
}

const NAMEABLE = /^[a-z0-9-]{1,250}--[0-9a-fA-F-]{36}$/;

/** No limits: for a text that is one's own. */
const UNLIMITED: BundleLimits = {
  objectsMax: Number.POSITIVE_INFINITY,
  valuesMax: Number.POSITIVE_INFINITY,
};

/**
 * Reads a JSON text like parseJson. Where that finds a fault inside the elements of the outermost
 * list `objects`, each faulty element is an Unreadable in the value; the others are what they are.
 * As fast as parseJson when there is no fault.
 * @throws JsonFault when the syntax is wrong or the fault is outside of the objects
 */
export function parseBundle(text: string): unknown {
  const body = withoutMark(text);
  const split = drained(splitObjects(body, UNLIMITED));
  return split === undefined ? parseWhole(body) : drained(readSplit(split));
}

/**
 * Reads a text that is not a bundle with a list of objects. A syntax error comes before what the text
 * holds, wherever it is.
 * @throws JsonFault
 */
export function parseWhole(text: string, valuesMax?: number): unknown {
  try {
    return parseJson(text, valuesMax);
  } catch (fault) {
    if (fault instanceof JsonFault && !BEFORE_SYNTAX.has(fault.code)) refuseSyntax(text);
    throw fault;
  }
}

const BEFORE_SYNTAX: ReadonlySet<string> = new Set([
  'invalid_json',
  'stix1_xml',
  'too_many_values',
]);

/**
 * Reads the text of one object, or says why it cannot be read. `linesBefore` are those of the document in
 * which it is a line.
 */
export function parseObject(text: string, linesBefore = 0): unknown {
  try {
    return parseJson(text, valuesMaxOf(text.length));
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault;
    const origin = { lines: linesBefore, characters: 0 };
    const placed = fault.code === 'too_many_values' ? fault : (faultWithin(text, origin) ?? fault);
    return new Unreadable(placed, idIn(text, fault));
  }
}

/** Reads the objects that were found, and what is around them, step by step. As parseBundle does. */
export function* readSplit(split: SplitBundle): Steps<unknown> {
  const envelope = readEnvelope(split);
  if ('fault' in envelope && envelope.isBrokenBefore) throw yield* envelope.fault();
  const objects: unknown[] = [];
  const lines = new LineCounter(split.text);
  for (const batch of split.batches) {
    yield* readBatch({ ...split, lines }, batch, objects);
    yield undefined;
  }
  if ('fault' in envelope) throw yield* envelope.fault();
  return { ...envelope.value, objects };
}

function* readBatch(
  { text, end: listEnd, lines }: SplitBundle & { readonly lines: LineCounter },
  { first, starts, ends, colons, isDoubtful, refusal }: Batch,
  into: unknown[],
): Steps<void> {
  if (refusal !== undefined) {
    into.push(refused(refusal));
    return;
  }
  if (!isDoubtful) {
    const values = parsePlainList(text.slice(starts[0], ends.at(-1)), colons);
    if (values?.length === starts.length) {
      for (const value of values) into.push(value);
      return;
    }
  }
  for (const [i, start] of starts.entries()) {
    const end = ends[i] ?? listEnd;
    into.push(yield* readElement(text, { start, end, index: first + i, lines }));
    yield undefined;
  }
}

interface Element {
  readonly start: number;
  readonly end: number;
  readonly index: number;
  /** Of the whole text. */
  readonly lines: LineCounter;
}

/** @throws JsonFault when its syntax is wrong, and with it that of the whole text */
function* readElement(text: string, { start, end, index, lines }: Element): Steps<unknown> {
  const part = text.slice(start, end);
  // Within a text that is not one document, XML is but another syntax error.
  const spot = findSpotInElement(text.slice(start, end + 1), index);
  if (spot === undefined) return JSON.parse(part);
  if (spot.code === 'invalid_json') throw yield* faultAt(text, { ...spot, at: start + spot.at });
  refuseSyntax(part);
  const fault = faultWithin(part, lines.originOf(start));
  return fault === undefined ? JSON.parse(part) : new Unreadable(fault, idIn(part, fault));
}

function refused(code: 'object_too_large' | 'too_many_values'): Unreadable {
  if (code === 'too_many_values') return new Unreadable(tooManyValues(JSON_VALUES_MAX));
  const detail = `The object has more characters of JSON than the limit of ${WHOLE_MAX}`;
  return new Unreadable({ code, path: '$', detail });
}

/** What is around the objects, without them; or why that cannot be read. */
type Envelope =
  | { readonly value: object }
  | {
      /** Whether the syntax is wrong before the objects begin. */
      readonly isBrokenBefore: boolean;
      fault(): Steps<JsonFault>;
    };

/** A key given twice or a depth outside of the objects is the envelope's own fault. */
function readEnvelope({ text, start, end }: SplitBundle): Envelope {
  const envelope = `${text.slice(0, start + 1)}${text.slice(end)}`;
  let spot: FaultSpot | undefined;
  try {
    return { value: parseJson(envelope, JSON_VALUES_MAX) as object };
  } catch (fault) {
    if (fault instanceof JsonFault && fault.code === 'too_many_values') throw fault;
    spot = findSpot(envelope);
    if (spot === undefined) throw fault;
  }
  const isSyntax = spot.code === 'invalid_json';
  const isBefore = spot.at <= start;
  return {
    isBrokenBefore: isSyntax && isBefore,
    // The position of a syntax error is in the whole text; of other faults, in the text without the objects.
    fault: () => {
      if (!isSyntax) refuseSyntax(envelope);
      return isSyntax && !isBefore
        ? faultAt(text, { ...spot, at: spot.at + end - start - 1 })
        : faultAt(envelope, spot);
    },
  };
}

/** The exact reader stops at its first fault, so a syntax error behind that is found here. */
function refuseSyntax(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'not valid JSON';
    throw new JsonFault('invalid_json', '$', detail);
  }
}

function idIn(text: string, { code }: JsonFault): string | undefined {
  // What was too much to be read is not read for its id either.
  if (code === 'too_many_values') return undefined;
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    // The first fault was not of syntax, but a later one is.
    return undefined;
  }
  if (typeof object !== 'object' || object === null || !('id' in object)) return undefined;
  return typeof object.id === 'string' && NAMEABLE.test(object.id) ? object.id : undefined;
}
