/**
 * What a caller without RED clearance may do, by posting, to an object that its organisation shares at
 * TLP:RED: add RED versions for those who have it, and nothing that lowers or widens it. Pure.
 */
import { tlpRank } from '../stix/marking/tlp.ts';
import { hasAudienceVariants, partsOf, type AskedAudience } from './asked-audience.ts';
import type { Decision, KnownVersion } from './decision.ts';
import type { Candidate } from './examine.ts';

const RED = tlpRank('red');

/** An object as it was stored before the request, and the level that the request gave it since. */
export interface RedState {
  /** The current versions before the request. */
  readonly stored: readonly KnownVersion[];
  readonly postedTlp: number | undefined;
}

/**
 * Why a new version may not be stored over what is RED; undefined where it may. Where other audiences
 * have the object at a lower level, the caller can read it: new versions for those leave the RED ones alone.
 */
export function redRejection(
  candidate: Candidate,
  { stored, postedTlp }: RedState,
  asked: AskedAudience,
): Decision | undefined {
  const red = asked.cleared ? [] : stored.filter(({ tlp }) => tlp === RED);
  if (red.length === 0) return undefined;
  const isHidden = red.length === stored.length || postedTlp === RED;
  if (candidate.tlp < RED) return isHidden ? clearanceNeeded() : undefined;
  if (hasAudienceVariants(candidate)) return undefined;
  const parts = red.reduce((all, one) => all.union(partsOf(one, asked)), new Set([asked.own]));
  return asked.partIds.isSubsetOf(parts) ? undefined : clearanceNeeded();
}

function clearanceNeeded(): Decision {
  return {
    outcome: 'rejected',
    code: 'red_clearance_needed',
    path: '$',
    detail:
      'The organisation shares this object at TLP:RED. Only a signed-in user with RED clearance can lower ' +
      'its level or widen its audience',
  };
}
