import type { Member } from '../sharing/member.ts';
import { passOn } from '../sharing/pass-on.ts';
import { isSameContent } from '../sharing/same-content.ts';
import { sharingFault } from '../sharing/share.ts';
import { findSeenVersions, type SeenVersion } from '../store/content/creators.ts';
import { withViewer, type Tx } from '../store/postgres/transaction.ts';
import type { ChosenAudience } from './audience.ts';
import type { Examined } from './examine-all.ts';
import type { Candidate, Rejection } from './examine.ts';
import { bindParts } from './lifted-parts.ts';

interface PassingRequest {
  readonly member: Member;
  /** Whether nobody but the sharer's own organisation is to get it. */
  readonly toItselfAlone: boolean;
  /** The audience that was chosen; undefined where they go to those that have them. */
  readonly audience: Pick<ChosenAudience, 'namesOrganisations'> | undefined;
}

/**
 * Compares the candidates that other members created with what the sharer sees of them. What may not
 * be reshared joins the rejections. The caller locks them before it stores them (lockCandidates).
 */
export async function checkReshares(
  tx: Tx,
  request: PassingRequest,
  { candidates, rejections }: Examined,
): Promise<Examined> {
  const foreign = candidates.filter(({ inNameOf }) => inNameOf !== null);
  if (foreign.length === 0) return { candidates, rejections };
  const { viewer } = request.member;
  const seen = Map.groupBy(
    await withViewer(tx, viewer, () => findSeenVersions(tx, viewer, foreign)),
    ({ stixId }) => stixId,
  );
  const kept: Candidate[] = [];
  const rejected: Rejection[] = [...rejections];
  for (const candidate of candidates) {
    const versions = seen.get(candidate.stixId) ?? [];
    const same = versions.filter((version) => isSameContent(candidate, version));
    const { inNameOf } = candidate;
    const one = inNameOf === null ? candidate : passed(candidate, inNameOf, same, request);
    if ('code' in one) rejected.push(one);
    else kept.push(one);
  }
  return bindParts({ candidates: kept, rejections: rejected });
}

/** As it may be passed on, or why it may not. */
function passed(
  candidate: Candidate,
  inNameOf: string,
  same: readonly SeenVersion[],
  { member, toItselfAlone, audience }: PassingRequest,
): Candidate | Rejection {
  const { index, stixId: id, modified, revoked } = candidate;
  const passing = passOn({
    inNameOf,
    isThatIdentity: inNameOf === id,
    tlp: candidate.tlp,
    revoked,
    // Objects without versions are recognised by their content alone.
    seen: same.filter((one) => modified === undefined || modified === one.modified),
    toItselfAlone,
  });
  if ('code' in passing) return { index, id, ...passing };
  const { tlp } = passing;
  if (audience === undefined) return { ...candidate, tlp };
  const { namesOrganisations } = audience;
  const fault = sharingFault({ tlp, ceiling: member.shareCeiling, namesOrganisations });
  return fault === undefined ? { ...candidate, tlp } : { index, id, ...fault };
}
