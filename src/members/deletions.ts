/** Deleting users, and organisations and communities that nothing refers to any more. */
import { Problem } from '../errors.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import { findCommunity } from '../store/members/communities.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  deleteCommunityRecord,
  deleteOrganisationRecord,
  deleteUserRecord,
  findCommunityHoldings,
  findOrganisationHoldings,
} from '../store/access/deletions.ts';
import { findOrganisationId } from '../store/members/organisations.ts';
import type { UserView } from '../store/access/users.ts';
import {
  aboutNobody,
  administer,
  keepingAnAdmin,
  type Administrator,
} from '../access/administer.ts';
import { findManaged } from '../access/managed-users.ts';
import { endWorkOf } from '../access/user-acts.ts';

/**
 * Deletes a user, and ends their sessions, keys and invitations as disabling does. What they did stays in
 * the audit. Returns the user as they were. Throws Problem not_found or last_admin.
 */
export async function deleteUser(
  db: Database,
  by: Administrator,
  id: string,
  now: Date,
): Promise<UserView> {
  const describe = ({ organisation }: UserView) => ({ user: id, organisation });
  const act = { action: 'user.delete', describe, about: (user: UserView) => [user] };
  return administer(db, by, act, async (tx) => {
    const user = await findManaged(tx, by, id);
    await keepingAnAdmin(tx, now, async () => {
      await endWorkOf(tx, id, now);
      await deleteUserRecord(tx, id);
    });
    return user;
  });
}

/**
 * Deletes an organisation that has nothing but agreements, with these. Throws Problem not_found,
 * or not_empty naming what there is; such an organisation can be suspended.
 */
export async function deleteOrganisation(
  db: Database,
  by: Administrator,
  slug: string,
): Promise<void> {
  const describe = () => ({ organisation: slug });
  // There is nobody left whom it could be about.
  const act = { action: 'organisation.delete', describe, about: aboutNobody };
  await administer(db, by, act, async (tx) => {
    const id = await findOrganisationId(tx, slug);
    if (id === undefined) throw new Problem('not_found', `There is no organisation ${slug}`);
    const held = await findOrganisationHoldings(tx, id);
    if (held.length > 0) throw notEmpty(`organisation ${slug}`, held, ' Suspend it instead.');
    await deleteOrganisationRecord(tx, id);
  });
}

/** Deletes a community of production that nothing refers to. Throws Problem not_found or not_empty. */
export async function deleteCommunity(
  db: Database,
  by: Administrator,
  slug: string,
): Promise<void> {
  const describe = () => ({ community: slug });
  const act = { action: 'community.delete', describe, about: aboutNobody };
  await administer(db, by, act, async (tx) => {
    const id = await findCommunity(tx, PRODUCTION, slug);
    if (id === undefined) throw new Problem('not_found', `There is no community ${slug}`);
    const held = await findCommunityHoldings(tx, id);
    if (held.length > 0) throw notEmpty(`community ${slug}`, held);
    await deleteCommunityRecord(tx, id);
  });
}

function notEmpty(what: string, held: readonly string[], advice = ''): Problem {
  return new Problem('not_empty', `The ${what} has ${held.join(', ')}.${advice}`);
}
