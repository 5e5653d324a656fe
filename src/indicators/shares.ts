/** What a member shares at present, with whom, and who sees it. */
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import {
  isKnown,
  partsFor,
  stepsOf,
  verdictOf,
  type KnownPart,
  type Verdict,
} from '../sharing/reach.ts';
import { findStandings } from '../store/audiences.ts';
import type { Database } from '../store/database.ts';
import {
  countParts,
  findPartsOfEach,
  findShare,
  listShares,
  type Share,
  type SharesPage,
} from '../store/shares.ts';
import { asViewer } from '../store/transaction.ts';
import { askerOf } from './preview.ts';

/** What is shared, and the parts of its audience. */
export interface AddressedShare extends Share {
  readonly parts: readonly KnownPart[];
}

export interface SharesFound {
  readonly shares: readonly AddressedShare[];
  /** The id after which to go on; undefined where nothing follows. */
  readonly next: string | undefined;
}

/** A page ends early with the object whose audience comes to so many parts in all. */
const PARTS_MAX = 10_000;

/** What a member's organisation shares, as far as the member may see it, by id. */
export async function readShares(
  db: Database,
  member: Member,
  { after, limit }: SharesPage,
): Promise<SharesFound> {
  const { viewer } = member;
  const found = await asViewer(db, viewer, (tx) =>
    listShares(tx, viewer, { after, limit: limit + 1 }),
  );
  const shares = await withinParts(db, found.slice(0, limit));
  const addressed = await withParts(db, member, shares);
  const next = shares.length < found.length ? shares.at(-1)?.stixId : undefined;
  return { shares: addressed, next };
}

/** The first of them, as many as have PARTS_MAX parts together; one at least. */
async function withinParts(db: Database, shares: readonly Share[]): Promise<Share[]> {
  const counts = await countParts(db, [...new Set(shares.map(({ audienceId }) => audienceId))]);
  let parts = 0;
  const end = shares.findIndex(({ audienceId }) => {
    parts += counts.get(audienceId) ?? 1;
    return parts > PARTS_MAX;
  });
  return end === -1 ? [...shares] : shares.slice(0, Math.max(end, 1));
}

async function withParts(
  db: Database,
  member: Member,
  shares: readonly Share[],
): Promise<AddressedShare[]> {
  const ids = [...new Set(shares.map(({ audienceId }) => audienceId))];
  const parts = await findPartsOfEach(db, ids);
  const asker = askerOf(member);
  const known = new Map(ids.map((id) => [id, partsFor(asker, parts.get(id) ?? [])]));
  return shares.map((share) => ({ ...share, parts: known.get(share.audienceId) ?? [] }));
}

export interface ShareWithReceivers extends AddressedShare {
  readonly organisations: readonly (Verdict & { readonly slug: string })[];
}

/**
 * One object that a member's organisation shares, and who sees it at this moment, as far as the member
 * may know. Throws Problem not_found, in the same words for an object that only others share.
 */
export async function readShare(
  db: Database,
  member: Member,
  stixId: string,
): Promise<ShareWithReceivers> {
  const { viewer } = member;
  const found = await asViewer(db, viewer, (tx) => findShare(tx, viewer, stixId));
  const [share] = found === undefined ? [] : await withParts(db, member, [found]);
  if (share === undefined) {
    throw new Problem('not_found', 'Your organisation shares no such object');
  }
  const asker = askerOf(member);
  const { parts, tlp } = share;
  const standings = await findStandings(
    db,
    viewer.realmId,
    parts.map(({ id }) => id),
  );
  const organisations = standings
    .filter((standing) => isKnown(asker, standing, parts))
    .map((standing) => {
      const steps = stepsOf(standing, { sharerId: asker.organisationId, tlp, parts });
      return { slug: standing.slug, ...verdictOf(steps) };
    });
  return { ...share, organisations };
}
