import { isSameContent, type StoredContent } from '../sharing/same-content.ts';
import type { Finding } from '../stix/check/check.ts';
import { levelName } from '../stix/marking/tlp.ts';
import {
  atLevels,
  covers,
  levelAlready,
  notReached,
  mayBeRaised,
  howToLower,
  widensByDefault,
  withinReach,
  type AskedAudience,
} from './asked-audience.ts';
import type { Decision, KnownVersion } from './decision.ts';
import type { Candidate } from './examine.ts';
import { containerRejected } from './lifted-parts.ts';
import { redRejection } from './red.ts';
import {
  audienceNeeded,
  conflict,
  isDefinition,
  purgedIsGone,
  revokedIsFinal,
  tooManyVariants,
} from './rejections.ts';

interface ObjectState {
  /** The current versions as they were before the request. */
  stored: readonly KnownVersion[];
  /** By `modified`. */
  readonly contents: Map<string, StoredContent>;
  /** The current stored versions that nothing in the request has replaced: several variants at most. */
  current: readonly KnownVersion[];
  /** The newest version, the request included. */
  latest: { modified: string; revoked: boolean } | undefined;
  /** What the request itself has given it already. */
  posted: { readonly content: StoredContent; readonly variant: number } | undefined;
}

export interface DecideContext {
  readonly purged: ReadonlySet<string>;
  /** The comparable time that an object without versions is given as its own. */
  readonly now: string;
  readonly audience: AskedAudience;
}

/**
 * Decides, in the order given, what becomes of each candidate beside what is known and what came
 * before it in the request (STIX 2.1 §3.6: only a later `modified` is a newer version, and a
 * revoked object has no later ones; what was purged does not come back).
 */
export function decide(
  candidates: readonly Candidate[],
  known: readonly KnownVersion[],
  context: DecideContext,
): Decision[] {
  const states = new Map<string, ObjectState>();
  for (const version of known) {
    const state = stateOf(states, version.stixId);
    state.contents.set(version.modified, version);
    if (version.superseded) continue;
    state.current = [...state.current, version];
    state.stored = state.current;
    if (state.latest === undefined || state.latest.modified < version.modified) {
      state.latest = version;
    }
  }
  /** Containers of the request that are not taken, by their index. */
  const lost = new Map<number, Decision>();
  return candidates.map((candidate) => {
    const { index, isPart, stixId } = candidate;
    const container = isPart === true ? lost.get(index) : undefined;
    if (container !== undefined) return fateOfPart(container);
    if (context.purged.has(stixId)) return lose(lost, candidate, purgedIsGone());
    return lose(lost, candidate, decideOne(candidate, stateOf(states, stixId), context));
  });
}

function lose(lost: Map<number, Decision>, candidate: Candidate, decision: Decision): Decision {
  const isLost = decision.outcome === 'rejected' || decision.outcome === 'stale';
  if (isLost && candidate.isPart !== true) lost.set(candidate.index, decision);
  return decision;
}

/** Organisations that do not receive the container do not receive its content. */
function fateOfPart({ outcome }: Decision): Decision {
  return outcome === 'stale' ? { outcome } : { outcome: 'rejected', ...containerRejected() };
}

function stateOf(states: Map<string, ObjectState>, stixId: string): ObjectState {
  let state = states.get(stixId);
  if (state === undefined) {
    const nothing = { contents: new Map<string, StoredContent>(), stored: [], current: [] };
    state = { ...nothing, latest: undefined, posted: undefined };
    states.set(stixId, state);
  }
  return state;
}

function decideOne(candidate: Candidate, state: ObjectState, context: DecideContext): Decision {
  const { latest } = state;
  const modified = versionOf(candidate, state);
  if (modified === undefined) return decideUnversioned(candidate, state, context);
  const known = state.contents.get(modified);
  if (known !== undefined) {
    const stored = state.current.find((version) => version.modified === modified);
    if (!isSameContent(candidate, known)) {
      return rejectedAsRed(candidate, state, context) ?? conflict(candidate, modified);
    }
    const isRaised = stored !== undefined && isKnownStricter(candidate, stored);
    return isRaised
      ? raise(candidate, stored, state, context)
      : unchanged(candidate, known, stored);
  }
  const rejected = rejectedAsRed(candidate, state, context);
  if (rejected !== undefined) return rejected;
  if (latest !== undefined && modified < latest.modified) return { outcome: 'stale' };
  if (latest?.revoked === true) return revokedIsFinal();
  return newVersion(candidate, state, modified, context);
}

/** A marking definition has one, whatever time a tool gives as that of its creation. */
function versionOf(candidate: Candidate, { latest }: ObjectState): string | undefined {
  if (!isDefinition(candidate)) return candidate.modified;
  return latest?.modified ?? candidate.modified;
}

/** An object without versions is as old as its content: the same content is the same version. */
function decideUnversioned(
  candidate: Candidate,
  state: ObjectState,
  context: DecideContext,
): Decision {
  const { latest, posted, current } = state;
  const { now, audience } = context;
  const known = current.find((one) => covers(one, audience) && isKnownStricter(candidate, one));
  if (known !== undefined) return raise(candidate, known, state, context);
  // A stricter post counts always, a less strict one never: what was raised since stays raised.
  const reachable = withinReach(candidate, current, audience);
  const already = Math.max(levelAlready(reachable, audience), posted?.content.tlp ?? -1);
  const tlp = Math.max(candidate.tlp, already);
  const isThere = (one: StoredContent): boolean =>
    candidate.tlp < tlp
      ? tlp === one.tlp && candidate.contentHash === one.contentHash
      : tlp <= one.tlp && isSameContent(candidate, one);
  if (posted !== undefined && isThere(posted.content)) {
    return { outcome: 'unchanged', warning: staysStricter(candidate, posted.content) };
  }
  const covering = (one: KnownVersion): number => (covers(one, audience) ? 0 : 1);
  const [stored] = current
    .filter(isThere)
    .toSorted((a, b) => covering(a) - covering(b) || a.tlp - b.tlp);
  if (stored === undefined) {
    const rejected = rejectedAsRed(candidate, state, context);
    if (rejected !== undefined) return rejected;
    const isLater = latest === undefined || latest.modified < now;
    const modified = isLater ? now : laterByAMicrosecond(latest.modified);
    const decision = newVersion({ ...candidate, tlp }, state, modified, context);
    const isRaised = tlp > candidate.tlp && 'modified' in decision;
    return isRaised ? { ...decision, warnings: [levelStays(tlp, false)] } : decision;
  }
  return { outcome: 'unchanged', stored, warning: staysStricter(candidate, stored) };
}

/** Whether the very same was stored before it was known what its markings state. */
function isKnownStricter(candidate: Candidate, stored: KnownVersion): boolean {
  return (
    candidate.statedTlp > stored.tlp &&
    candidate.contentHash === stored.contentHash &&
    candidate.referencedTlp === stored.referencedTlp
  );
}

function raise(
  { statedTlp: tlp }: Candidate,
  stored: KnownVersion,
  state: ObjectState,
  { audience }: DecideContext,
): Decision {
  if (!mayBeRaised(stored, tlp, audience)) {
    const detail =
      `the object is stored at TLP:${levelName(stored.tlp)}, and its markings are now known to state ` +
      `TLP:${levelName(tlp)}. Use PATCH /api/v1/objects/{id} with \`tlp\` and \`audience\` to raise it`;
    const warning = { code: 'tlp_unchanged', path: '$.object_marking_refs', detail };
    return { outcome: 'unchanged', stored, warning };
  }
  state.current = state.current.map((one) => (one === stored ? { ...stored, tlp } : one));
  return { outcome: 'updated', raises: stored, tlp };
}

/** A warning, unless the object comes as it was posted before its sharer raised its level. */
function staysStricter(candidate: Candidate, stored: StoredContent): Finding | undefined {
  const isAsPosted = candidate.referencedTlp === stored.referencedTlp;
  return isAsPosted || candidate.tlp >= stored.tlp ? undefined : levelStays(stored.tlp, false);
}

function rejectedAsRed(
  candidate: Candidate,
  { stored, posted }: ObjectState,
  { audience }: DecideContext,
): Decision | undefined {
  return redRejection(candidate, { stored, postedTlp: posted?.content.tlp }, audience);
}

function newVersion(
  candidate: Candidate,
  state: ObjectState,
  modified: string,
  { audience }: DecideContext,
): Decision {
  if (widensByDefault(candidate, state.current, audience)) return audienceNeeded(audience);
  const place = atLevels(candidate, state.current, audience);
  const variant = state.posted?.variant ?? place.variant;
  if (variant === undefined) return tooManyVariants();
  const outcome = state.latest === undefined ? 'created' : 'updated';
  const before = [...place.replaces, ...(state.posted ? [state.posted.content] : [])];
  const lowered = levelLowered(candidate, before);
  state.contents.set(modified, candidate);
  state.latest = { modified, revoked: candidate.revoked };
  state.posted = { content: candidate, variant };
  state.current = place.remaining;
  const { replaces, warning } = place;
  const warnings = [warning, lowered, notReached(candidate.tlp, audience)].filter(
    (one) => one !== undefined,
  );
  return { outcome, modified, variant, tlp: candidate.tlp, replaces, warnings };
}

/** The replaced version was stricter: its sharer may have raised it with PATCH. */
function levelLowered({ tlp }: Candidate, before: readonly StoredContent[]): Finding | undefined {
  const highest = Math.max(tlp, ...before.map((one) => one.tlp));
  if (highest === tlp) return undefined;
  const detail =
    `the object was at TLP:${levelName(highest)} before and is at TLP:${levelName(tlp)} now. Use PATCH ` +
    '/api/v1/objects/{id} to raise it again, and mark later versions with the higher level';
  return { code: 'tlp_lowered', path: '$.object_marking_refs', detail };
}

/** A comparable time right after another. */
export function laterByAMicrosecond(comparable: string): string {
  const [second = '', fraction = '0'] = comparable.slice(0, -1).split('.');
  const micros = Number(fraction) + 1;
  if (micros < 1_000_000) return `${second}.${String(micros).padStart(6, '0')}Z`;
  return new Date(Date.parse(`${second}Z`) + 1000).toISOString().replace(/\.\d+Z$/, '.000000Z');
}

function unchanged(
  candidate: Candidate,
  known: StoredContent,
  stored: KnownVersion | undefined,
): Decision {
  const isAsPosted = candidate.referencedTlp === known.referencedTlp;
  const { referencedTlp: rank } = candidate;
  // With the reference of a lower level, which it had once, or never.
  const isLower = !isAsPosted && rank !== null && rank < known.tlp;
  return {
    outcome: 'unchanged',
    stored,
    warning: isLower ? levelStays(known.tlp, true) : undefined,
  };
}

function levelStays(tlp: number, hasVersions: boolean): Finding {
  const detail = `the object is stored at TLP:${levelName(tlp)}, which stays. ${howToLower(hasVersions)}`;
  return { code: 'tlp_unchanged', path: '$.object_marking_refs', detail };
}
