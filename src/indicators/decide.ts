import type { Finding } from '../stix/check.ts';
import type { Candidate } from './examine.ts';
import { containerRejected } from './lifted-parts.ts';

/** A version that the sharer already has of an object. */
export interface KnownVersion {
  readonly versionId: string;
  readonly stixId: string;
  readonly modified: string;
  readonly contentHash: string;
  readonly superseded: boolean;
  readonly revoked: boolean;
  readonly audienceId: number;
  readonly tlp: number;
}

/** What becomes of a candidate. */
export type Decision =
  | {
      readonly outcome: 'unchanged' | 'stale';
      /** The current version, where it is the same. */
      readonly stored?: KnownVersion | undefined;
      readonly warning?: Finding;
    }
  | {
      readonly outcome: 'updated';
      /** The current version, which further organisations get. */
      readonly widens: KnownVersion;
      readonly warning: Finding;
    }
  | {
      readonly outcome: 'rejected';
      readonly code: string;
      /** JSON path within the object. */
      readonly path: string;
      readonly detail: string;
    }
  | {
      readonly outcome: 'created' | 'updated';
      readonly modified: string;
      /** The stored version that it takes the place of. */
      readonly replaces: KnownVersion | undefined;
    };

interface ObjectState {
  /** Content hash by `modified`. */
  readonly hashes: Map<string, string>;
  stored: KnownVersion | undefined;
  latest: { modified: string; revoked: boolean } | undefined;
}

/**
 * Decides, in the order given, what becomes of each candidate beside what is known and what came
 * before it in the request (STIX 2.1 §3.6: only a later `modified` is a newer version, and a
 * revoked object has no later ones; what was purged does not come back). `now` is the comparable
 * time that an object without versions is given as its own.
 */
export function decide(
  candidates: readonly Candidate[],
  known: readonly KnownVersion[],
  { purged, now }: { readonly purged: ReadonlySet<string>; readonly now: string },
): Decision[] {
  const states = new Map<string, ObjectState>();
  for (const version of known) {
    const state = stateOf(states, version.stixId);
    state.hashes.set(version.modified, version.contentHash);
    if (!version.superseded) {
      state.stored = version;
      state.latest = version;
    }
  }
  /** Containers of the request that are not taken, by their index. */
  const lost = new Map<number, Decision>();
  return candidates.map((candidate) => {
    const { index, isPart, stixId } = candidate;
    const container = isPart === true ? lost.get(index) : undefined;
    if (container !== undefined) return fateOfPart(container);
    if (purged.has(stixId)) return lose(lost, candidate, purgedIsGone());
    return lose(lost, candidate, decideOne(candidate, stateOf(states, stixId), now));
  });
}

function lose(lost: Map<number, Decision>, candidate: Candidate, decision: Decision): Decision {
  const isLost = decision.outcome === 'rejected' || decision.outcome === 'stale';
  if (isLost && candidate.isPart !== true) lost.set(candidate.index, decision);
  return decision;
}

/** Whoever does not get the container does not get what it holds. */
function fateOfPart({ outcome }: Decision): Decision {
  return outcome === 'stale' ? { outcome } : { outcome: 'rejected', ...containerRejected() };
}

function stateOf(states: Map<string, ObjectState>, stixId: string): ObjectState {
  let state = states.get(stixId);
  if (state === undefined) {
    state = { hashes: new Map(), stored: undefined, latest: undefined };
    states.set(stixId, state);
  }
  return state;
}

function decideOne(candidate: Candidate, state: ObjectState, now: string): Decision {
  const { latest } = state;
  const modified = candidate.modified ?? unversionedTime(candidate, state, now);
  const known = state.hashes.get(modified);
  if (known === candidate.contentHash) {
    const isStored = state.stored?.modified === modified;
    return { outcome: 'unchanged', stored: isStored ? state.stored : undefined };
  }
  if (known !== undefined) return conflict(modified);
  if (latest !== undefined && modified < latest.modified) return { outcome: 'stale' };
  if (latest?.revoked === true) return revokedIsFinal();
  state.hashes.set(modified, candidate.contentHash);
  state.latest = { modified, revoked: candidate.revoked };
  const outcome = latest === undefined ? 'created' : 'updated';
  return { outcome, modified, replaces: state.stored };
}

/** An object without versions is as old as its content: the same content is the same version. */
function unversionedTime(candidate: Candidate, state: ObjectState, now: string): string {
  const { latest } = state;
  if (latest === undefined) return now;
  if (state.hashes.get(latest.modified) === candidate.contentHash) return latest.modified;
  return latest.modified < now ? now : laterByAMicrosecond(latest.modified);
}

/** A comparable time right after another. */
export function laterByAMicrosecond(comparable: string): string {
  const [second = '', fraction = '0'] = comparable.slice(0, -1).split('.');
  const micros = Number(fraction) + 1;
  if (micros < 1_000_000) return `${second}.${String(micros).padStart(6, '0')}Z`;
  return new Date(Date.parse(`${second}Z`) + 1000).toISOString().replace(/\.\d+Z$/, '.000000Z');
}

function conflict(modified: string): Decision {
  return {
    outcome: 'rejected',
    code: 'version_conflict',
    path: '$.modified',
    detail: `Another content is kept under this id and modified (${modified}): give the new content a later modified`,
  };
}

function revokedIsFinal(): Decision {
  return {
    outcome: 'rejected',
    code: 'revoked_is_final',
    path: '$.modified',
    detail: 'The object was revoked, which ends its life: share it under a new id',
  };
}

function purgedIsGone(): Decision {
  return {
    outcome: 'rejected',
    code: 'purged',
    path: '$.id',
    detail: 'An administrator purged this object: delete your copy, and do not share it again',
  };
}
