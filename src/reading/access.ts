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
  type Step,
  type Verdict,
} from '../sharing/reach.ts';
import { itselfAlone, UNCLEARED_CEILING } from '../sharing/viewer.ts';
import {
  findAllAddresses,
  findOwnAddresses,
  type AddressedVersion,
} from '../store/content/addresses.ts';
import { findParts, findEntitlements } from '../store/content/audiences.ts';
import type { Database } from '../store/postgres/database.ts';
import { asViewer } from '../store/postgres/transaction.ts';
import { metered } from './metered.ts';

/** One version, and whether and why an organisation sees it. */
export interface Explanation extends Verdict {
  /** Slug of the sharer. */
  readonly sharer: string;
  readonly modified: Date;
  /** TLP rank. */
  readonly tlp: number;
  readonly revoked: boolean;
  /** Whether its sharer has put no newer one. */
  readonly current: boolean;
  readonly parts: readonly KnownPart[];
  readonly steps: readonly Step[];
}

export interface AccessInput {
  readonly stixId: string;
  /** Slug of the organisation that is asked about. */
  readonly organisation: string;
}

/**
 * Why an organisation sees the versions of an object or does not, newest first: of all
 * sharers' for an admin, of its own organisation's for everybody else; of TLP:RED ones only for a user
 * with RED clearance. An object that is shared by
 * others only is none, in the same words as one that nobody has. Throws Problem not_found.
 */
export const explainAccess = metered<AccessInput, readonly Explanation[]>(
  'access',
  explain,
  (found) => ({ objects: found.length }),
);

async function explain(
  db: Database,
  member: Member,
  { stixId, organisation: slug }: AccessInput,
): Promise<Explanation[]> {
  const { realmId } = member.viewer;
  const asker = askerOf(member);
  const all = await addressesFor(db, member, stixId);
  const versions = all.filter(({ tlp }) => tlp <= UNCLEARED_CEILING || member.viewer.cleared);
  if (versions.length === 0) {
    throw new Problem('not_found', 'Your organisation does not share this object');
  }
  const audienceIds = [...new Set(versions.map(({ audienceId }) => audienceId))];
  const partsOf = new Map<number, KnownPart[]>();
  for (const id of audienceIds) {
    partsOf.set(id, partsFor(asker, await findParts(db, realmId, [id])));
  }
  const parts = [...partsOf.values()].flat();
  const partIds = parts.map(({ id }) => id);
  const entitlements = await findEntitlements(db, realmId, partIds);
  const entitlement = entitlements.find((one) => one.slug === slug);
  if (entitlement === undefined || !isKnown(asker, entitlement, parts)) {
    throw new Problem('not_found', `There is no organisation ${slug}`, {
      path: 'querystring.organisation',
    });
  }
  const slugs = new Map(entitlements.map((one) => [one.id, one.slug]));
  return versions.map((version) => {
    const sharer = slugs.get(version.organisationId) ?? '';
    return { ...judge(version, entitlement, partsOf.get(version.audienceId) ?? []), sharer };
  });
}

function judge(
  { organisationId, modified, tlp, revoked, superseded }: AddressedVersion,
  entitlement: Entitlement,
  parts: readonly KnownPart[],
): Omit<Explanation, 'sharer'> {
  const steps = stepsOf(entitlement, { sharerId: organisationId, tlp, parts });
  return { ...verdictOf(steps), modified, tlp, revoked, current: !superseded, parts, steps };
}

async function addressesFor(
  db: Database,
  { role, viewer }: Member,
  stixId: string,
): Promise<AddressedVersion[]> {
  const { realmId, organisationId } = viewer;
  if (role === 'admin') return findAllAddresses(db, realmId, stixId);
  return asViewer(db, itselfAlone(viewer), (tx) =>
    findOwnAddresses(tx, realmId, organisationId, stixId),
  );
}
