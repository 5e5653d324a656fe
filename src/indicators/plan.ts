/** From decisions to what the store writes. Pure. */
import { tlpRank } from '../stix/marking/tlp.ts';
import type { Address, NewVersion } from '../store/content/versions.ts';
import type { Decision, KnownVersion } from './decision.ts';
import type { Candidate } from './examine.ts';
import type { Move } from './narrow.ts';

/** The versions to keep. Of several of one object in a request, only the last is current. */
export function newVersions(
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
  audienceId: number,
): NewVersion[] {
  const versions: NewVersion[] = [];
  const current = new Map<string, NewVersion>();
  for (let i = candidates.length - 1; i >= 0; i--) {
    const decision = decisions[i];
    const candidate = candidates[i];
    if (candidate === undefined || decision === undefined || !('modified' in decision)) continue;
    const { modified } = decision;
    const later = current.get(candidate.stixId);
    // Nobody sees an older version who does not see the current one.
    const tlp = Math.max(decision.tlp, later?.tlp ?? tlpRank('clear'));
    const superseded = later !== undefined;
    const { variant } = decision;
    // A level that its audience had already counts as one that the sharer gave.
    const isRaised = decision.tlp > candidate.tlp;
    const referencedTlp = isRaised ? decision.tlp : candidate.referencedTlp;
    const place = { modified, audienceId, superseded, variant };
    const version = { ...candidate, ...place, tlp, referencedTlp };
    versions.push(version);
    if (later === undefined) current.set(candidate.stixId, version);
  }
  return versions.toReversed();
}

/** Of indicators of one request that look for the same, the later ones with the id of the first. */
export function reissuesWithin(versions: readonly NewVersion[]): Map<string, string> {
  const first = new Map<string, string>();
  const reissues = new Map<string, string>();
  for (const { contentKey, stixId } of versions) {
    if (contentKey === null) continue;
    const known = first.get(contentKey);
    if (known === undefined) first.set(contentKey, stixId);
    else if (known !== stixId) reissues.set(stixId, known);
  }
  return reissues;
}

/** The stored versions that are no longer current, by their id. */
export function replacedVersions(decisions: readonly Decision[]): Map<string, KnownVersion> {
  const replaced = new Map<string, KnownVersion>();
  for (const decision of decisions) {
    if (!('replaces' in decision)) continue;
    for (const version of decision.replaces) replaced.set(version.versionId, version);
  }
  return replaced;
}

/** Which objects are addressed otherwise than before, put together by from and to. */
export function moves(replaced: readonly KnownVersion[], versions: readonly NewVersion[]): Move[] {
  const current = new Map<string, NewVersion>();
  for (const version of versions) if (!version.superseded) current.set(version.stixId, version);
  const byAddress = new Map<string, { from: Address; to: Address; stixIds: string[] }>();
  for (const from of replaced) {
    const to = current.get(from.stixId);
    if (to === undefined || (to.audienceId === from.audienceId && to.tlp === from.tlp)) continue;
    const key = `${from.audienceId} ${from.tlp} ${to.audienceId} ${to.tlp}`;
    const move = byAddress.get(key);
    if (move === undefined) byAddress.set(key, { from, to, stixIds: [from.stixId] });
    else move.stixIds.push(from.stixId);
  }
  return [...byAddress.values()];
}
