/**
 * A bundle's text, object by object: what cannot be kept of one object (RFC 7493, see json.ts) must
 * not lose the others. Syntax (RFC 8259) is a matter of the whole text.
 */
import { parseJson } from './json.ts';
import { JsonFault } from './json-fault.ts';
import { splitObjects } from './bundle-split.ts';

/** Stands in the place of an object that could not be read, and says why. */
export class Unreadable {
  /** The object's id, where it has one that can be named. */
  readonly id: string | undefined;
  readonly code: string;
  /** JSONPath within the object. */
  readonly path: string;
  /** Lines and columns are counted from the beginning of the object. */
  readonly detail: string;

  constructor(fault: Pick<Unreadable, 'code' | 'path' | 'detail'>, id?: string) {
    this.id = id;
    this.code = fault.code;
    this.path = fault.path;
    this.detail = fault.detail;
  }
}

const NAMEABLE = /^[a-z0-9-]{1,250}--[0-9a-fA-F-]{36}$/;

/**
 * Reads a JSON text like parseJson. Where that finds a fault inside the elements of the outermost
 * list `objects`, each faulty element is an Unreadable in the value; the others are what they are.
 * As fast as parseJson when there is no fault.
 * @throws JsonFault when the syntax is wrong or the fault is outside of the objects
 */
export function parseBundle(text: string): unknown {
  try {
    return parseJson(text);
  } catch (fault) {
    if (!(fault instanceof JsonFault) || !isJson(fault)) throw fault;
    return parseParts(text, fault);
  }
}

/** Reads one object's text, or says why it cannot be read. */
export function parseObject(text: string): unknown {
  try {
    return parseJson(text);
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault;
    return new Unreadable(fault, idIn(text));
  }
}

/** Whether the text is JSON all the same, as far as the fault tells. */
function isJson({ code }: JsonFault): boolean {
  return code !== 'invalid_json' && code !== 'stix1_xml';
}

function parseParts(text: string, fault: JsonFault): unknown {
  refuseSyntax(text);
  const split = splitObjects(text);
  if (split === undefined) throw fault;
  // A key given twice or a depth outside of the objects is the envelope's own fault.
  const envelope = parseJson(split.envelope) as object;
  return { ...envelope, objects: split.objects.map(parseObject) };
}

/** The exact reader stops at its first fault, so a syntax error behind that is found here. */
function refuseSyntax(text: string): void {
  try {
    JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'not valid JSON';
    throw new JsonFault('invalid_json', '$', detail);
  }
}

function idIn(text: string): string | undefined {
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
