/**
 * What a reader is given of a stored object: the object, and beside it what only the server knows. Every
 * door gives both, made here. Pure, and on text: tens of thousands of objects a second pass through it.
 */
import { isPredefinedMarking, TLP_ORDER } from '../stix/marking/tlp.ts';
import { withTlpReference } from '../stix/marking/tlp-reference.ts';

/** A version as it is stored, as far as one viewer may know it. */
export interface StoredObject {
  readonly stixId: string;
  /** The object's JSON, as posted. */
  readonly content: string;
  /** Its effective TLP rank. */
  readonly tlp: number;
  /** Where the references of its `object_marking_refs` begin in the content; null where it has none. */
  readonly referencesAt: number | null;
  /** Slugs of the organisations that shared it, as far as the viewer may know them. */
  readonly sharers: readonly string[];
  /** When it came into the viewer's log, in microseconds since 1970; null before that. */
  readonly addedMicros: number | null;
}

/** How a door gives objects. */
export interface ServedForm {
  /** Slug of the realm. */
  readonly realm: string;
  /** Without the reference to its level. */
  readonly asPosted: boolean;
}

/** JSON of an object, and of its context. */
export interface Served {
  readonly object: string;
  readonly context: string;
}

/**
 * The object as its readers get it and, beside it, its level, who shared it, when it came, and its realm.
 */
export function serveObject(stored: StoredObject, { realm, asPosted }: ServedForm): Served {
  const { content, tlp, referencesAt, sharers, addedMicros } = stored;
  const object =
    asPosted || isForEverybody(stored) ? content : withTlpReference(content, referencesAt, tlp);
  const added = addedMicros === null ? 'null' : `"${timestampOf(addedMicros)}"`;
  const context = `${contextUpTo(tlp, sharers)}${added},"realm":"${realm}"}`;
  return { object, context };
}

let last = { tlp: -1, sharers: [] as readonly string[], text: '' };

/** The beginning of a context. Rows that come one after another mostly have the same. */
function contextUpTo(tlp: number, sharers: readonly string[]): string {
  if (last.tlp !== tlp || last.sharers !== sharers) {
    const level = TLP_ORDER[tlp] ?? 'red';
    const text = `{"tlp":"${level}","sharers":${JSON.stringify(sharers)},"date_added":`;
    last = { tlp, sharers, text };
  }
  return last.text;
}

/** The levels whose definitions belong beside objects that are served so: by rank, in order. */
export function referencedRanks(stored: readonly StoredObject[]): number[] {
  const ranks = new Set(stored.filter((one) => !isForEverybody(one)).map(({ tlp }) => tlp));
  return [...ranks].toSorted((a, b) => a - b);
}

const MARKING = 'marking-definition--';

/** A predefined marking is the same everywhere, so nothing is added to it. */
function isForEverybody({ stixId }: Pick<StoredObject, 'stixId'>): boolean {
  return stixId.startsWith(MARKING) && isPredefinedMarking(stixId);
}

let second = { at: -1, text: '' };

/** RFC 3339, to the microsecond. Rows that come one after another are mostly of the same second. */
export function timestampOf(micros: number): string {
  const at = Math.floor(micros / 1_000_000);
  if (second.at !== at) second = { at, text: new Date(at * 1000).toISOString().slice(0, 20) };
  return `${second.text}${String(micros % 1_000_000).padStart(6, '0')}Z`;
}
