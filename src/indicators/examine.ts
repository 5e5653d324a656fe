import { hash } from 'node:crypto';
import type { SharingFault } from '../sharing/share.ts';
import { contentHash } from '../stix/json/canonical.ts';
import { contentKey } from '../stix/content-key.ts';
import { Unreadable } from '../stix/bundle/text.ts';
import { exerciseOf, markedFor, unmarked, type Exercise } from '../stix/exercise.ts';
import { checkObject, type Finding } from '../stix/check/check.ts';
import { FINDINGS_MAX } from '../stix/check/finding.ts';
import { referenceCharacters } from '../stix/check/object-size.ts';
import type { StixObject } from '../stix/object.ts';
import { observablesOf } from '../stix/observables.ts';
import { patternOf } from '../stix/pattern/of-indicator.ts';
import { referencesOf } from '../stix/references.ts';
import { predefinedMarking } from '../stix/marking/predefined-marking.ts';
import {
  referencedRank,
  referencesAt,
  withoutTlpReferences,
} from '../stix/marking/tlp-reference.ts';
import { versionOf } from '../stix/version.ts';
import { comparableTimestamp } from '../stix/timestamp.ts';
import { adviseOnFuture } from '../stix/check/future.ts';
import { judge, type Terms } from './judge.ts';

/** An object that may be shared, with all that is kept of it. */
export interface Candidate {
  /** Its place in the request. */
  readonly index: number;
  readonly stixId: string;
  readonly type: string;
  /** Comparable `modified`; undefined for objects that have no versions (SCOs). */
  readonly modified: string | undefined;
  readonly tlp: number;
  /** The rank that its markings state, as far as they are known; -1 where they state none. */
  readonly statedTlp: number;
  readonly revoked: boolean;
  readonly confidence: number | null;
  readonly labels: readonly string[] | null;
  readonly createdByRef: string | null;
  /** The other member's identity in whose name it speaks: it is passed on, or refused. */
  readonly inNameOf: string | null;
  readonly validUntil: string | null;
  /** Of what it says, whatever TLP references it has. */
  readonly contentHash: string;
  /** The rank of the strictest of these; null where it has none. */
  readonly referencedTlp: number | null;
  /** Where its marking references begin in the content; null where it has none. */
  readonly referencesAt: number | null;
  /** Of an indicator: what it looks for, whatever id it bears. 32 hexadecimal digits. */
  readonly contentKey: string | null;
  /** The object as JSON. */
  readonly content: string;
  readonly observables: readonly KeptObservable[];
  /** The ids that it refers to. */
  readonly references: readonly string[];
  readonly warnings: readonly Finding[];
  /** Whether it was taken out of the object before it with the same index, whose fate it shares. */
  readonly isPart?: boolean;
}

export interface KeptObservable {
  readonly kind: string;
  readonly value: string;
  /** Signed 64-bit, as decimal text. */
  readonly digest: string;
}

/** An object that cannot be taken, and why. */
export interface Refusal {
  readonly index: number;
  readonly id: string | undefined;
  readonly code: string;
  readonly path: string;
  readonly detail: string;
}

export function isRefusal(examined: Candidate | Refusal): examined is Refusal {
  return 'detail' in examined;
}

/** An object's JSON, without its lists of references, may have at most this many characters. */
export const OBJECT_CHARACTERS_MAX = 1024 * 1024;

/** Checks one posted value, or what stands for it, against STIX and the sharing policy. Pure. */
export function examine(value: unknown, index: number, terms: Terms): Candidate | Refusal {
  if (value instanceof Unreadable) return refusal(index, value.id, value);
  const crossed = crossing(value, terms.exercise);
  if (crossed !== undefined) return refusal(index, idOf(value), crossed);
  const checked = checkObject(unmarked(value));
  if (!checked.ok) return refusal(index, checked.id, checked.errors[0]);
  const { object, warnings } = checked;
  const { tlp, statedTlp, doubts, fault } = judge(object, terms);
  if (fault !== undefined) return refusal(index, object.id, fault);
  const kept = keptAs(object, terms.exercise);
  const content = JSON.stringify(kept);
  const large = sizeRefusal(index, object, content, terms);
  if (large !== undefined) return large;
  const pattern = patternOf(object);
  // However a tool writes it, a predefined marking is one and the same.
  const meant = predefinedMarking(object.id);
  return {
    index,
    stixId: object.id,
    type: object.type,
    modified: versionOf(meant ?? object),
    tlp,
    statedTlp,
    revoked: property(object, 'revoked') === true,
    confidence: number(object, 'confidence'),
    labels: strings(property(object, 'labels')),
    createdByRef: creatorOf(object),
    inNameOf: namesOf(object).find((name) => terms.othersIdentities.has(name)) ?? null,
    validUntil: endOf(object),
    contentHash: contentHash(meant ?? withoutTlpReferences(kept)),
    referencedTlp: meant === undefined ? referencedRank(kept) : null,
    referencesAt: referencesAt(content, kept),
    contentKey: contentKey(object, pattern)?.slice(0, 32) ?? null,
    content,
    observables: observablesOf(object, pattern).map(toKept),
    references: referencesOf(object),
    warnings: [...doubts, ...warnings, ...adviseOnFuture(object, terms.now)].slice(0, FINDINGS_MAX),
  };
}

/**
 * In whose names a posted value speaks: its creator's, and an identity in that which it is, whoever
 * is said to have created it. Whatever is not a string is left to the language.
 */
export function namesOf(value: object): string[] {
  const { type, id, created_by_ref: creator } = value as Readonly<Record<string, unknown>>;
  const names = type === 'identity' ? [id, creator] : [creator];
  return names.filter((name) => typeof name === 'string');
}

/** An identity that names no creator speaks for itself. */
function creatorOf(object: StixObject): string | null {
  return text(object, 'created_by_ref') ?? (object.type === 'identity' ? object.id : null);
}

/** Comparable `valid_until`. */
function endOf(object: StixObject): string | null {
  return comparableTimestamp(text(object, 'valid_until') ?? '') ?? null;
}

/** In an exercise it bears the mark of that. */
function keptAs(object: StixObject, exercise: Exercise | undefined): StixObject {
  return exercise === undefined ? object : markedFor(exercise, object);
}

/** Content of an exercise stays in it: what bears its mark is taken nowhere else. */
function crossing(value: unknown, exercise: Exercise | undefined): Finding | undefined {
  const marked = exerciseOf(value);
  if (marked === undefined || marked === exercise?.realm) return undefined;
  return {
    code: 'realm_crossed',
    path: '$.extensions',
    detail: `The object is of the exercise ${marked.slice(0, 63)}, and stays in that`,
  };
}

function idOf(value: unknown): string | undefined {
  const id: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'id') : '';
  return typeof id === 'string' ? id : undefined;
}

function refusal(
  index: number,
  id: string | undefined,
  fault: Finding | SharingFault | Unreadable | undefined,
): Refusal {
  const { code, path, detail } = fault ?? { code: 'invalid_object', path: '', detail: '' };
  return { index, id, code, path, detail };
}

/** What an object has beside its references must fit; revocations always do. */
function sizeRefusal(
  index: number,
  object: StixObject,
  content: string,
  { charactersMax }: Terms,
): Refusal | undefined {
  if (content.length <= charactersMax) return undefined;
  const own = content.length - referenceCharacters(object);
  if (own <= charactersMax) return undefined;
  const detail = `The object has ${own} characters of JSON beside its references; the limit is ${charactersMax}`;
  return { index, id: object.id, code: 'object_too_large', path: '$', detail };
}

/** The key under which a value is looked up: the first 8 bytes of SHA-256 of `kind:value`. */
function observableDigest(kind: string, value: string): string {
  const digits = hash('sha256', `${kind}:${value}`, 'hex').slice(0, 16);
  return BigInt.asIntN(64, BigInt(`0x${digits}`)).toString();
}

function toKept({ kind, value }: { kind: string; value: string }): KeptObservable {
  return { kind, value, digest: observableDigest(kind, value) };
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
