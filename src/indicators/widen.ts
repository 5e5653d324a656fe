/**
 * Objects that are stored already, posted for others than those who have them. What has no versions of
 * its own is given to them too; what has versions stays with whom it was for, and the result says so.
 */
import { SCO_TYPES } from '../stix/object.ts';
import { internUnion, partsOf, type UnionMaker } from '../store/audiences.ts';
import { widenCurrent } from '../store/narrowing.ts';
import type { Tx } from '../store/transaction.ts';
import type { Share } from '../store/versions.ts';
import type { ChosenAudience } from './audience.ts';
import type { Decision, KnownVersion } from './decide.ts';
import type { Candidate } from './examine.ts';

const RED = 4;

/** Says what becomes of unchanged objects that are asked for another audience than they have. */
export async function widenings(
  tx: Tx,
  { partIds, namesOrganisations }: ChosenAudience,
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
): Promise<Decision[]> {
  const lacks = new Map<number, boolean>();
  const isAskedElsewhere = async ({ audienceId }: KnownVersion): Promise<boolean> => {
    const known = lacks.get(audienceId);
    if (known !== undefined) return known;
    const parts = new Set(await partsOf(tx, audienceId));
    const isElsewhere = !new Set(partIds).isSubsetOf(parts);
    lacks.set(audienceId, isElsewhere);
    return isElsewhere;
  };
  /** Containers that go to the audience, by their index: what they hold goes with them. */
  const going = new Set<number>();
  const results: Decision[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const decision = decisions[i];
    if (decision === undefined) break;
    if ('modified' in decision && candidate.isPart !== true) going.add(candidate.index);
    const stored = decision.outcome === 'unchanged' ? decision.stored : undefined;
    if (stored === undefined || !(await isAskedElsewhere(stored))) results.push(decision);
    else {
      const mayGo = candidate.isPart !== true || going.has(candidate.index);
      const isWidened = mayGo && isWidenable(candidate, stored, namesOrganisations);
      results.push(isWidened ? widening(stored) : asItWas(stored));
    }
  }
  return results;
}

/** Gives these versions to the new audience too. Throws ConcurrentWrite as supersede does. */
export async function widen(
  tx: Tx,
  share: Share,
  { partIds, maker }: { readonly partIds: readonly number[]; readonly maker: UnionMaker },
  decisions: readonly Decision[],
): Promise<void> {
  const widened = decisions.flatMap((one) => ('widens' in one ? [one.widens] : []));
  for (const [audienceId, versions] of Map.groupBy(widened, (one) => one.audienceId)) {
    const all = [...(await partsOf(tx, audienceId)), ...partIds];
    const wider = await internUnion(tx, share.realmId, all, maker);
    await widenCurrent(tx, share, versions, wider);
  }
}

/** Never at a lower level than either post meant; RED goes to named organisations only. */
function isWidenable({ type, tlp }: Candidate, stored: KnownVersion, isNamed: boolean): boolean {
  const isUnversioned = SCO_TYPES.has(type) || type === 'marking-definition' || type === 'identity';
  return isUnversioned && tlp <= stored.tlp && (stored.tlp < RED || isNamed) && !stored.revoked;
}

function widening(stored: KnownVersion): Decision {
  const detail = 'the audience of this request has the object now, beside those who had it before';
  const warning = { code: 'audience_widened', path: '$', detail };
  return { outcome: 'updated', widens: stored, warning };
}

function asItWas(stored: KnownVersion): Decision {
  const detail =
    'this version is stored for another audience, which stays as it is. Use PATCH /api/v1/objects/{id} to change it';
  const warning = { code: 'audience_unchanged', path: '$', detail };
  return { outcome: 'unchanged', stored, warning };
}
