/**
 * The TLP level of an object as a reference in its `object_marking_refs` (STIX 2.1 section 7.2.2): which
 * one the object has as it was posted, and the same JSON with the one that its level calls for.
 */
import type { StixObject } from '../object.ts';
import { predefinedMarking } from './predefined-marking.ts';
import { fixedMarking, TLP_2_IDS, TLP_ORDER, tlpRank } from './tlp.ts';

const KEY = '"object_marking_refs":[';

/** The rank of the strictest TLP reference of an object itself; null where it has none. */
export function referencedRank(object: StixObject): number | null {
  const ranks = listOf(object).flatMap((ref) => rankOf(ref) ?? []);
  return ranks.length === 0 ? null : Math.max(...ranks);
}

/**
 * The same object without its references to TLP levels, by which it is known again however it is marked.
 * What a custom marking says stays.
 */
export function withoutTlpReferences(object: StixObject): StixObject {
  if (referencedRank(object) === null) return object;
  const { object_marking_refs: _, ...rest } = object;
  const others = listOf(object).filter((ref) => rankOf(ref) === undefined);
  return others.length === 0 ? rest : { ...rest, object_marking_refs: others };
}

/**
 * Where the references begin in `content`, which JSON.stringify made of the object: the place after the
 * bracket; null where the object has none.
 */
export function referencesAt(content: string, object: StixObject): number | null {
  if (listOf(object).length === 0) return null;
  const first = content.indexOf(KEY);
  // A quotation mark within a string is escaped, so it is a key; but maybe that of a nested object.
  if (first === content.lastIndexOf(KEY)) return first + KEY.length;
  const keys = Object.keys(object);
  const before = keys.slice(0, keys.indexOf('object_marking_refs'));
  const part = Object.fromEntries(before.map((key) => [key, object[key]]));
  return content.indexOf(KEY, JSON.stringify(part).length - 1) + KEY.length;
}

/** By rank, what ends an object that has no references. */
const ENDINGS = TLP_ORDER.map((tlp) => `,${KEY}"${TLP_2_IDS[tlp]}"]}`);

/**
 * JSON of an object whose `object_marking_refs` have the TLP 2.0 reference of this rank, and none of a
 * lower level. `at` is where its references begin. The object is not parsed: this is done for each one that
 * is read.
 */
export function withTlpReference(content: string, at: number | null, rank: number): string {
  if (at === null) return `${content.slice(0, -1)}${ENDINGS[rank] ?? '}'}`;
  const end = content.indexOf(']', at);
  const marked = markedReferences(content.slice(at, end), rank);
  return marked === undefined ? content : `${content.slice(0, at)}${marked}${content.slice(end)}`;
}

const REMEMBERED_MAX = 1000;
const remembered = new Map<string, string | undefined>();

/** The items of a list of references as they are to be; undefined where they are so. Most objects have the same few. */
function markedReferences(items: string, rank: number): string | undefined {
  const key = `${rank} ${items}`;
  if (remembered.has(key)) return remembered.get(key);
  const refs = JSON.parse(`[${items}]`) as string[];
  const wanted = TLP_2_IDS[TLP_ORDER[rank] ?? 'red'];
  const kept = refs.filter((ref) => (rankOf(ref) ?? rank) >= rank);
  if (!kept.some((ref) => ref.toLowerCase() === wanted)) kept.push(wanted);
  const same = kept.length === refs.length && kept.every((ref, i) => ref === refs[i]);
  const marked = same ? undefined : JSON.stringify(kept).slice(1, -1);
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  remembered.set(key, marked);
  return marked;
}

/** By rank, the definition of the TLP 2.0 marking as JSON. */
export const TLP_2_DEFINITIONS: readonly string[] = TLP_ORDER.map((tlp) =>
  JSON.stringify(predefinedMarking(TLP_2_IDS[tlp])),
);

function rankOf(ref: string): number | undefined {
  const fixed = fixedMarking(ref);
  return fixed === undefined ? undefined : tlpRank(fixed.tlp);
}

function listOf(object: StixObject): string[] {
  const { object_marking_refs: refs } = object as { readonly object_marking_refs?: unknown };
  if (!Array.isArray(refs)) return [];
  return (refs as unknown[]).filter((ref) => typeof ref === 'string');
}
