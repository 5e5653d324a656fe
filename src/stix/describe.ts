/** All that STIX 2.1 says about one object, in one call, independent of its sharer and audience. */
import { Unreadable } from './bundle/text.ts';
import { checkObject } from './check/check.ts';
import { FINDINGS_MAX, type Finding } from './check/finding.ts';
import { adviseOnFuture } from './check/future.ts';
import { referenceCharacters } from './check/object-size.ts';
import { contentKey } from './content-key.ts';
import { markedFor, unmarked, type Exercise } from './exercise.ts';
import { contentHash } from './json/canonical.ts';
import { markedBy, type Meanings, type Steps } from './marking/marking.ts';
import { definitionContent } from './marking/definition-content.ts';
import { predefinedMarking } from './marking/predefined-marking.ts';
import { referencedRank, referencesAt, withoutTlpReferences } from './marking/tlp-reference.ts';
import type { Tlp } from './marking/tlp.ts';
import { linksOf, type Link } from './links.ts';
import { namesOf } from './names.ts';
import type { StixObject } from './object.ts';
import { observablesOf, type Observable } from './observables.ts';
import { patternOf } from './pattern/of-indicator.ts';
import { referencesOf } from './references.ts';
import { comparableTimestamp } from './timestamp.ts';
import { valueKey } from './value/key.ts';
import { placeOf, type Place } from './value/place.ts';
import { versionOf } from './version.ts';

/** A value by which an object is looked up, with its key (`valueKey`) and where it belongs. */
export interface LookedUp extends Observable, Place {
  readonly key: string;
}

/** What the language says of an object. */
export interface Description {
  /** The object itself, without the mark of an exercise. */
  readonly object: StixObject;
  /** Its JSON; in an exercise, with the mark of that. */
  readonly content: string;
  /** Its version, a comparable timestamp; undefined for objects that have none (SCOs). */
  readonly version: string | undefined;
  readonly revoked: boolean;
  readonly confidence: number | null;
  readonly labels: readonly string[] | null;
  /** A comparable timestamp. */
  readonly validUntil: string | null;
  /** The identities in whose names it speaks. */
  readonly names: readonly string[];
  /** Its creator; an identity that names none speaks for itself. */
  readonly createdByRef: string | null;
  /** The strictest level that its markings state, as far as they are known. */
  readonly level: Tlp | undefined;
  /** The steps to what states that level. */
  readonly levelAt: Steps | undefined;
  /** What in its markings may mean a level that cannot be determined. */
  readonly doubts: readonly Finding[];
  /** The rank of the strictest of its TLP references; null where it has none. */
  readonly referencedTlp: number | null;
  /** Where its marking references begin in the content; null where it has none. */
  readonly referencesAt: number | null;
  /** Of what it says, whatever TLP references it has: SHA-256 in hexadecimal. */
  readonly contentHash: string;
  /** Of an indicator: what it looks for, whatever id it has. 32 hexadecimal digits. */
  readonly contentKey: string | null;
  readonly observables: readonly LookedUp[];
  /** The objects that it connects with. */
  readonly links: readonly Link[];
  /** The ids that it refers to. */
  readonly references: readonly string[];
  /** The doubts, and what else is doubtful about it. */
  readonly warnings: readonly Finding[];
}

/** A value that is not a valid object, and why. */
export interface Fault extends Finding {
  readonly id: string | undefined;
}

/** What describing an object depends on, besides the object. */
export interface Surroundings {
  /** What is known of markings that are not predefined. */
  readonly meanings: Meanings;
  /** The exercise that it is shared in; undefined in production. */
  readonly exercise: Exercise | undefined;
  /** Its JSON may have at most this many characters, its lists of references left out. */
  readonly charactersMax: number;
  /** Undefined where nobody reads the warnings. */
  readonly now: Date | undefined;
}

/** Checks one value, or what stands for one that could not be read, and describes it. Pure. */
export function describe(value: unknown, surroundings: Surroundings): Description | Fault {
  if (value instanceof Unreadable) {
    const { id, code, path, detail } = value;
    return { id, code, path, detail };
  }
  const checked = checkObject(unmarked(value));
  if (!checked.ok) {
    const [first = { code: 'invalid_object', path: '', detail: '' }] = checked.errors;
    return { ...first, id: checked.id };
  }
  return describeObject(checked.object, checked.warnings, surroundings);
}

function describeObject(
  object: StixObject,
  warnings: readonly Finding[],
  { meanings, exercise, charactersMax, now }: Surroundings,
): Description | Fault {
  const shared = exercise === undefined ? object : markedFor(exercise, object);
  const content = JSON.stringify(shared);
  const large = sizeFault(object, content, charactersMax);
  if (large !== undefined) return large;
  const pattern = patternOf(object);
  // However a tool writes it, a predefined marking is one and the same.
  const meant = predefinedMarking(object.id);
  const { tlp: level, at: levelAt, doubts } = markedBy(object, meanings);
  return {
    object,
    content,
    version: versionOf(meant ?? object),
    revoked: property(object, 'revoked') === true,
    confidence: number(object, 'confidence'),
    labels: strings(property(object, 'labels')),
    validUntil: comparableTimestamp(text(object, 'valid_until') ?? '') ?? null,
    names: namesOf(object),
    createdByRef: creatorOf(object),
    level,
    levelAt,
    doubts,
    referencedTlp: meant === undefined ? referencedRank(shared) : null,
    referencesAt: referencesAt(content, shared),
    contentHash: contentHash(meant ?? definitionContent(shared) ?? withoutTlpReferences(shared)),
    contentKey: contentKey(object, pattern)?.slice(0, 32) ?? null,
    observables: observablesOf(object, pattern).map(toLookedUp),
    links: linksOf(object),
    references: referencesOf(object),
    warnings: [...doubts, ...warnings, ...adviseOnFuture(object, now)].slice(0, FINDINGS_MAX),
  };
}

function creatorOf(object: StixObject): string | null {
  return text(object, 'created_by_ref') ?? (object.type === 'identity' ? object.id : null);
}

/** Whether a value could not be described. */
export function isFault(described: Description | Fault): described is Fault {
  return 'detail' in described;
}

function sizeFault(object: StixObject, content: string, charactersMax: number): Fault | undefined {
  if (content.length <= charactersMax) return undefined;
  const own = content.length - referenceCharacters(object);
  if (own <= charactersMax) return undefined;
  const detail = `The object has ${own} characters of JSON beside its references; the limit is ${charactersMax}`;
  return { id: object.id, code: 'object_too_large', path: '$', detail };
}

function toLookedUp(observable: Observable): LookedUp {
  const { kind, value } = observable;
  return { ...observable, key: valueKey(kind, value), ...placeOf(kind, value) };
}

function property(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
}

function text(object: object, name: string): string | null {
  const value = property(object, name);
  return typeof value === 'string' ? value : null;
}

function number(object: object, name: string): number | null {
  const value = property(object, name);
  return typeof value === 'number' ? value : null;
}

function strings(value: unknown): string[] | null {
  if (!Array.isArray(value)) return null;
  return value.filter((item) => typeof item === 'string');
}
