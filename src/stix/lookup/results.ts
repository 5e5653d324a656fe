/** What is answered for a value: how it was understood, its verdict and its hits. Pure. */
import { TLP_ORDER } from '../marking/tlp.ts';
import type { Role } from '../pattern/observables.ts';
import { MODES, type Mode } from './candidates.ts';
import {
  stateOf,
  VERDICTS,
  verdictOf,
  verdictOfHit,
  type State,
  type Verdict,
  type Weighed,
} from './verdict.ts';
import type { AskedValue, LookupFault, Understood } from './understand.ts';

/** What of a version matches a value, and how. */
export interface Matched {
  readonly mode: Mode;
  readonly by?: 'pattern' | 'option';
  readonly role: Role;
  readonly kind: string;
  readonly value: string;
}

/** A version that is listed, with what is known of its object. */
export interface ListedObject {
  readonly stixId: string;
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly tlp: number;
  readonly revoked: boolean;
  readonly validUntil: Date | null;
  readonly sharers: readonly string[];
  readonly sharedBy: number;
  readonly firstShared: Date;
  readonly lastShared: Date;
  readonly related: readonly RelatedObject[];
}

export interface RelatedObject {
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  readonly relationship: string | null;
}

/** A hit as it is answered. */
export interface Hit {
  readonly match: Mode;
  /** What is listed. */
  readonly matched: { readonly type: string; readonly value: string };
  /** Of a parent domain: what says that sub-domains count. */
  readonly subdomains_by?: 'pattern' | 'option';
  readonly polarity: 'positive' | 'negative';
  /** Whether seeing the value is enough; null where the pattern excludes it. */
  readonly context: 'sole' | 'alternative' | 'part' | null;
  readonly state: State;
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  readonly pattern: string | null;
  readonly pattern_type: string | null;
  readonly indicator_types: readonly string[];
  readonly labels: readonly string[];
  readonly kill_chain_phases: readonly unknown[];
  readonly tlp: string;
  readonly confidence: number | null;
  readonly valid_from: string | null;
  readonly valid_until: string | null;
  readonly sharers: readonly string[];
  readonly shared_by: number;
  readonly first_shared: string;
  readonly last_shared: string;
  readonly related: readonly RelatedObject[];
}

export interface LookupResult {
  readonly value: string;
  readonly understood: {
    readonly type: string;
    readonly value: string;
    readonly port?: number;
  } | null;
  readonly verdict: Verdict;
  readonly hits: readonly Hit[];
  /** Whether there are more hits than these. */
  readonly truncated: boolean;
  /** Modes that were not tried for this value, since it is a network that is too wide. */
  readonly skipped?: readonly Mode[];
  /** Why the value could not be looked up. */
  readonly error?: LookupFault;
}

/** Longer patterns are left out of a hit: the object has them. */
const PATTERN_CHARACTERS_MAX = 8192;
/** A value that cannot be looked up is answered by its beginning. */
const SHOWN_MAX = 200;

export interface Answered {
  readonly asked: AskedValue;
  readonly understood: Understood | LookupFault;
  /** The objects that match, each once. */
  readonly found: readonly (readonly [Matched, ListedObject])[];
  readonly hitsMax: number;
  /** Whether the database has more. */
  readonly more: boolean;
  readonly skipped: readonly Mode[];
}

/** The answer for one value, its strongest hits first. */
export function toResult(
  { asked, understood, found, hitsMax, more, skipped }: Answered,
  now: Date,
): LookupResult {
  const weighed = found.map(([matched, object]) => ({
    matched,
    object,
    ...weigh(matched, object, now),
  }));
  const ordered = weighed.toSorted(byStrength);
  const hits = ordered
    .slice(0, hitsMax)
    .map(({ matched, object, state }) => toHit(matched, object, state));
  if ('code' in understood) return unanswered(asked, understood);
  const { kind: type, value, port } = understood;
  return {
    value: asked.value,
    understood: port === undefined ? { type, value } : { type, value, port },
    verdict: verdictOf(weighed),
    hits,
    truncated: more || hits.length < found.length,
    ...(skipped.length > 0 && { skipped }),
  };
}

function unanswered({ value }: AskedValue, error: LookupFault): LookupResult {
  const shown = value.slice(0, SHOWN_MAX).toWellFormed();
  return { value: shown, understood: null, verdict: 'unknown', hits: [], truncated: false, error };
}

/** Negative where `one` is the stronger match. */
export function compareMatches(one: Matched, other: Matched): number {
  const modes = MODES.indexOf(one.mode) - MODES.indexOf(other.mode);
  return modes === 0 ? STRENGTH[one.role] - STRENGTH[other.role] : modes;
}

const STRENGTH: Readonly<Record<Role, number>> = { sole: 0, alternative: 1, part: 2, excluded: 3 };

function weigh(matched: Matched, object: ListedObject, now: Date): Weighed {
  return {
    mode: matched.mode,
    ...(matched.by !== undefined && { by: matched.by }),
    role: matched.role,
    state: stateOf(object, now),
    isIndicator: object.type === 'indicator',
    indicatorTypes: texts(object.content['indicator_types']),
  };
}

type Found = Weighed & { readonly matched: Matched; readonly object: ListedObject };

function byStrength(one: Found, other: Found): number {
  const verdicts = VERDICTS.indexOf(verdictOfHit(one)) - VERDICTS.indexOf(verdictOfHit(other));
  if (verdicts !== 0) return verdicts;
  const matches = compareMatches(one.matched, other.matched);
  if (matches !== 0) return matches;
  return other.object.lastShared.getTime() - one.object.lastShared.getTime();
}

function toHit({ mode, by, role, kind, value }: Matched, object: ListedObject, state: State): Hit {
  const { content } = object;
  const pattern = text(content['pattern']);
  return {
    match: mode,
    matched: { type: kind, value },
    ...(by !== undefined && { subdomains_by: by }),
    polarity: role === 'excluded' ? 'negative' : 'positive',
    context: role === 'excluded' ? null : role,
    state,
    id: object.stixId,
    type: object.type,
    name: text(content['name']),
    pattern: pattern !== null && pattern.length <= PATTERN_CHARACTERS_MAX ? pattern : null,
    pattern_type: text(content['pattern_type']),
    indicator_types: texts(content['indicator_types']),
    labels: texts(content['labels']),
    kill_chain_phases: list(content['kill_chain_phases']),
    tlp: TLP_ORDER[object.tlp] ?? 'red',
    confidence: typeof content['confidence'] === 'number' ? content['confidence'] : null,
    valid_from: text(content['valid_from']),
    valid_until: text(content['valid_until']),
    sharers: object.sharers,
    shared_by: object.sharedBy,
    first_shared: object.firstShared.toISOString(),
    last_shared: object.lastShared.toISOString(),
    related: object.related,
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((item) => typeof item === 'string');
}
