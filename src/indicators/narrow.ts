import { tlpRank } from '../stix/marking/tlp.ts';
import type { Database } from '../store/postgres/database.ts';
import { audienceOf, internUnion, membersOf, partsOf } from '../store/content/audiences.ts';
import {
  announceWithdrawals,
  findSupersededAddresses,
  readdressSuperseded,
} from '../store/content/narrowing.ts';
import type { Tx } from '../store/postgres/transaction.ts';
import type { Address, Share } from '../store/content/versions.ts';

/** Objects whose new version goes to `to`, where the version before went to `from`. */
export interface Move {
  readonly from: Address;
  readonly to: Address;
  readonly stixIds: readonly string[];
}

const RED = tlpRank('red');

/**
 * Follows up newer versions that are addressed otherwise than those before. Organisations that
 * saw the old one and do not see the new one receive a withdrawal, and every older version is hidden from
 * them too: a reader of any version of an object sees its current one. No older version is ever shown to
 * more than saw it before.
 */
export async function narrow(db: Database, tx: Tx, share: Share, move: Move): Promise<void> {
  const { from, to, stixIds } = move;
  const after = await reached(db, tx, share, to);
  const own = await onlyAudience(db, share);
  for (const address of await findSupersededAddresses(tx, share, stixIds)) {
    const before = await reached(db, tx, share, address);
    const keep = before.isSubsetOf(after);
    if (keep && !becomesRed(address, to)) continue;
    const narrowed = after.isSubsetOf(before) ? to.audienceId : own;
    const audienceId = keep ? address.audienceId : narrowed;
    const tlp = Math.max(address.tlp, to.tlp);
    await readdressSuperseded(tx, share, stixIds, address, { audienceId, tlp });
  }
  const lost = losing(await reached(db, tx, share, from), after, share, move);
  if (lost.size === 0) return;
  const losers = await audienceOf(db, share.realmId, [...lost]);
  const audienceId = await internUnion(tx, share.realmId, losers);
  const tlp = from.tlp === RED ? RED : tlpRank('clear');
  await announceWithdrawals(tx, share, stixIds, { audienceId, tlp });
}

/**
 * Whom a withdrawal is for. What becomes RED leaves everybody who had it, the sharer's own keys
 * included, but for people with clearance: those still see it, so they receive no withdrawal.
 */
function losing(
  before: Set<number>,
  after: Set<number>,
  { organisationId }: Share,
  { from, to }: Move,
): Set<number> {
  return becomesRed(from, to) ? before.union(new Set([organisationId])) : before.difference(after);
}

function becomesRed(from: Address, to: Address): boolean {
  return from.tlp < RED && to.tlp === RED;
}

/** The organisations, the sharer aside, that see what is so addressed. */
async function reached(db: Database, tx: Tx, share: Share, to: Address): Promise<Set<number>> {
  const parts = await partsOf(tx, to.audienceId);
  const members = await membersOf(db, share.realmId, parts);
  const seeing = members.filter((member) => member.ceiling >= to.tlp);
  const ids = new Set(seeing.map((member) => member.organisationId));
  ids.delete(share.organisationId);
  return ids;
}

async function onlyAudience(db: Database, share: Share): Promise<number> {
  const [id] = await audienceOf(db, share.realmId, [share.organisationId]);
  if (id === undefined) throw new Error('The organisation has no audience of its own');
  return id;
}
