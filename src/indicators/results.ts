import { Problem } from '../errors.ts';
import type { Finding } from '../stix/check/check.ts';
import { TLP_ORDER, type Tlp } from '../stix/marking/tlp.ts';
import type { Decision } from './decision.ts';
import type { Candidate, Rejection } from './examine.ts';

export type Outcome = 'created' | 'updated' | 'unchanged' | 'stale' | 'rejected';

/** What became of one object of a request. */
export interface ObjectResult {
  /** Its place in the request, from 0. */
  index: number;
  id?: string;
  outcome: Outcome;
  code?: string;
  path?: string;
  detail?: string;
  /** The level at which a new version is shared, whether its marking or a default says so. */
  tlp?: Tlp;
  /** Of an indicator that looks for what an older one of the sharer does: that one's id. */
  duplicate_of?: string;
  warnings?: Finding[];
}

/** The results in the order of the request. */
export function toResults(
  rejections: readonly Rejection[],
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
  reissues: ReadonlyMap<string, string>,
): ObjectResult[] {
  const results = rejections.map(rejected);
  candidates.forEach((candidate, i) => {
    const decision = decisions[i];
    if (decision === undefined) return;
    const duplicateOf = 'modified' in decision ? reissues.get(candidate.stixId) : undefined;
    results.push(decided(candidate, decision, duplicateOf));
  });
  return results.toSorted((a, b) => a.index - b.index);
}

function rejected({ index, id, code, path, detail }: Rejection): ObjectResult {
  const named = id === undefined ? { index } : { index, id };
  return { ...named, outcome: 'rejected', code, path, detail };
}

function decided(
  candidate: Candidate,
  decision: Decision,
  duplicateOf: string | undefined,
): ObjectResult {
  const { index, stixId: id } = candidate;
  const warnings = [...warningsOf(decision), ...candidate.warnings];
  const result: ObjectResult = { index, id, outcome: decision.outcome };
  // Of what is stored already it is not said: it may be RED, for a caller without clearance.
  const tlp = 'modified' in decision ? TLP_ORDER[decision.tlp] : undefined;
  if (tlp !== undefined) result.tlp = tlp;
  if (duplicateOf !== undefined) result.duplicate_of = duplicateOf;
  if (decision.outcome === 'rejected') {
    const { code, path, detail } = decision;
    Object.assign(result, { code, path, detail });
  }
  if (warnings.length > 0) result.warnings = warnings;
  return result;
}

function warningsOf(decision: Decision): readonly Finding[] {
  if ('warnings' in decision) return decision.warnings ?? [];
  return 'warning' in decision && decision.warning ? [decision.warning] : [];
}

/**
 * When all or nothing was asked and an object cannot be taken: Problem atomic_aborted with every
 * result, in which the others are rejected as `withheld`.
 */
export function abortIfRejected(
  atomic: boolean,
  rejections: readonly Rejection[],
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
): void {
  const fails =
    rejections.length > 0 || decisions.some((decision) => decision.outcome === 'rejected');
  if (!atomic || !fails) return;
  const results = toResults(rejections, candidates, decisions, new Map()).map((result) =>
    result.outcome === 'created' || result.outcome === 'updated' ? withheld(result) : result,
  );
  throw new Problem('atomic_aborted', 'Correct or remove the rejected objects, and try again', {
    extra: { results },
  });
}

function withheld({ tlp: _, ...result }: ObjectResult): ObjectResult {
  const detail = 'Not stored, because another object of the bundle was rejected';
  return { ...result, outcome: 'rejected', code: 'withheld', detail };
}
