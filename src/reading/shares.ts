/** What a member shares at present, with whom, and who sees it. */
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import {
  askerOf,
  isKnown,
  partsFor,
  stepsOf,
  verdictOf,
  type KnownPart,
  type Entitlement,
  type Verdict,
} from '../sharing/reach.ts';
import { findEntitlements } from '../store/content/audiences.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  countParts,
  findPartsOfEach,
  findShares,
  listShares,
  type Share,
  type SharesPage,
} from '../store/content/shares.ts';
import { asViewer } from '../store/postgres/transaction.ts';
import { metered } from './metered.ts';

/** What is shared, and the parts of its audience. */
export interface AddressedShare extends Share {
  readonly parts: readonly KnownPart[];
}

export interface SharesFound {
  readonly shares: readonly AddressedShare[];
  /** The id after which to continue; undefined if nothing follows. */
  readonly next: string | undefined;
}

/** A page ends early with the object whose audience comes to so many parts in all. */
const PARTS_MAX = 10_000;

/** What a member's organisation shares, as far as the member may see it, by id. */
export const readShares = metered<SharesPage, SharesFound>('shares', findPage, ({ shares }) => ({
  objects: shares.length,
}));

async function findPage(
  db: Database,
  member: Member,
  { after, limit }: SharesPage,
): Promise<SharesFound> {
  const { viewer } = member;
  const found = await asViewer(db, viewer, (tx) =>
    listShares(tx, viewer, { after, limit: limit + 1 }),
  );
  const objects = [...Map.groupBy(found, ({ stixId }) => stixId).values()];
  const page = await withinParts(db, objects.slice(0, limit));
  const next = page.length < objects.length ? page.at(-1)?.[0]?.stixId : undefined;
  return { shares: await withParts(db, member, page.flat()), next };
}

/** The first objects, as many as have PARTS_MAX parts together; one at least. */
async function withinParts(db: Database, objects: readonly Share[][]): Promise<Share[][]> {
  const ids = objects.flatMap((shares) => shares.map(({ audienceId }) => audienceId));
  const counts = await countParts(db, [...new Set(ids)]);
  let parts = 0;
  const end = objects.findIndex((shares) => {
    for (const { audienceId } of shares) parts += counts.get(audienceId) ?? 1;
    return parts > PARTS_MAX;
  });
  return end === -1 ? [...objects] : objects.slice(0, Math.max(end, 1));
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
 * may know: for each audience that has content or a level of its own. Throws Problem not_found, in the
 * same words for an object that only others share.
 */
export const readShare = metered<string, readonly ShareWithReceivers[]>('shares', findOne, () => ({
  objects: 1,
}));

async function findOne(
  db: Database,
  member: Member,
  stixId: string,
): Promise<ShareWithReceivers[]> {
  const { viewer } = member;
  const found = await asViewer(db, viewer, (tx) => findShares(tx, viewer, stixId));
  if (found.length === 0) {
    throw new Problem('not_found', 'Your organisation does not share this object');
  }
  const shares = await withParts(db, member, found);
  const partIds = shares.flatMap(({ parts }) => parts.map(({ id }) => id));
  const entitlements = await findEntitlements(db, viewer.realmId, partIds);
  return shares.map((share) => withReceivers(member, share, entitlements));
}

function withReceivers(
  member: Member,
  share: AddressedShare,
  entitlements: readonly Entitlement[],
): ShareWithReceivers {
  const asker = askerOf(member);
  const { parts, tlp } = share;
  const shared = { sharerId: asker.organisationId, tlp, parts };
  const organisations = entitlements
    .filter((entitlement) => isKnown(asker, entitlement, parts))
    .map((entitlement) => ({ slug: entitlement.slug, ...verdictOf(stepsOf(entitlement, shared)) }));
  return { ...share, organisations };
}
