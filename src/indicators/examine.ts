/** The sharing policy on one object: what the language says of it is asked in one call. Pure. */
import { describe, isFault, type Description, type LookedUp } from '../stix/describe.ts';
import type { Link } from '../stix/links.ts';
import type { Finding } from '../stix/check/finding.ts';
import { exerciseOf, type Exercise } from '../stix/exercise.ts';
import { tlpRank } from '../stix/marking/tlp.ts';
import { faultOf, levelOf, type Terms } from './judge.ts';

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
  readonly observables: readonly LookedUp[];
  /** The objects that it connects with. */
  readonly links: readonly Link[];
  /** The ids that it refers to. */
  readonly references: readonly string[];
  readonly warnings: readonly Finding[];
  /** Whether it was taken out of the object before it with the same index, whose fate it shares. */
  readonly isPart?: boolean;
}

/** An object that cannot be taken, and why. */
export interface Rejection {
  readonly index: number;
  readonly id: string | undefined;
  readonly code: string;
  readonly path: string;
  readonly detail: string;
}

export function isRejection(examined: Candidate | Rejection): examined is Rejection {
  return 'detail' in examined;
}

/** An object's JSON, without its lists of references, may have at most this many characters. */
export const OBJECT_CHARACTERS_MAX = 1024 * 1024;

/** Examines one posted value, or what stands for it, by STIX and by the sharing policy. */
export function examine(value: unknown, index: number, terms: Terms): Candidate | Rejection {
  const crossed = crossing(value, terms.exercise);
  if (crossed !== undefined) return rejection(index, idOf(value), crossed);
  const described = describe(value, terms);
  if (isFault(described)) return rejection(index, described.id, described);
  const { object, names } = described;
  const tlp = levelOf(described, terms);
  const fault = faultOf(described, tlp, terms);
  if (fault !== undefined) return rejection(index, object.id, fault);
  const inNameOf = names.find((name) => terms.othersIdentities.has(name)) ?? null;
  return toCandidate(described, { index, tlp, inNameOf });
}

/** An object that was described, with what the policy says of it. */
export function toCandidate(
  described: Description,
  { index, tlp, inNameOf }: Pick<Candidate, 'index' | 'tlp' | 'inNameOf'>,
): Candidate {
  const { object, level } = described;
  return {
    index,
    stixId: object.id,
    type: object.type,
    modified: described.version,
    tlp,
    statedTlp: level === undefined ? -1 : tlpRank(level),
    revoked: described.revoked,
    confidence: described.confidence,
    labels: described.labels,
    createdByRef: described.createdByRef,
    inNameOf,
    validUntil: described.validUntil,
    contentHash: described.contentHash,
    referencedTlp: described.referencedTlp,
    referencesAt: described.referencesAt,
    contentKey: described.contentKey,
    content: described.content,
    observables: described.observables,
    links: described.links,
    references: described.references,
    warnings: described.warnings,
  };
}

/** Content of an exercise stays in it: what bears its mark is taken nowhere else. */
function crossing(value: unknown, exercise: Exercise | undefined): Finding | undefined {
  const marked = exerciseOf(value);
  if (marked === undefined || marked === exercise?.realm) return undefined;
  return {
    code: 'realm_crossed',
    path: '$.extensions',
    detail: `The object belongs to the exercise ${marked.slice(0, 63)}, and cannot leave it`,
  };
}

function idOf(value: unknown): string | undefined {
  const id: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'id') : '';
  return typeof id === 'string' ? id : undefined;
}

function rejection(index: number, id: string | undefined, fault: Finding): Rejection {
  const { code, path, detail } = fault;
  return { index, id, code, path, detail };
}
