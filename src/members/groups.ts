import { Problem } from '../errors.ts';
import type { Admission } from '../sharing/group.ts';
import type { GroupQuotas } from '../sharing/quotas.ts';
import type { Database } from '../store/postgres/database.ts';
import { findOrganisationId } from '../store/members/organisations.ts';
import {
  deleteGroupInvitations,
  listGroupInvitations,
  type GroupInvitation,
} from '../store/members/group-invitations.ts';
import {
  insertGroup,
  listGroups,
  removeFromGroup,
  updateGroup,
  type GroupFacts,
  type GroupRecord,
  type Part,
} from '../store/members/groups.ts';
import { isArchived } from '../store/members/realms.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import {
  aboutNobody,
  administer,
  type AdministrativeAct,
  type Administrator,
} from '../access/administer.ts';
import { enter, idsOf, invite, refuseLargeGroup, unknownOrganisation } from './group-parts.ts';
import { chooseGroupSlug, refuseLongSlug } from './group-slug.ts';
import { isInvited, isKeeper, isMember, isThere, viewOf, type GroupView } from './group-view.ts';

/** What the verbs of groups work with. */
export interface GroupContext {
  readonly db: Database;
  readonly quotas: GroupQuotas;
}

export interface GroupInput extends Omit<GroupFacts, 'name'> {
  /** The requested slug unless given. */
  readonly name?: string | undefined;
  /** A group that a member creates has a random ending after it. */
  readonly slug: string;
  /** Slugs of organisations. */
  readonly members: readonly string[];
  /** Besides the caller's organisation. */
  readonly owners: readonly string[];
}

/**
 * Creates a group. The caller's organisation owns it and is in it; the others are invited, unless
 * admission is direct. An administrator appoints owners directly. The operator, who is of no organisation,
 * creates it for the first owner.
 * Throws Problem invalid_request, name_taken, organisation_unknown, last_owner, role_not_allowed or
 * group_limit.
 */
export async function createGroup(
  { db, quotas }: GroupContext,
  by: Administrator,
  input: GroupInput,
): Promise<GroupView> {
  const creator = by.organisation?.slug ?? input.owners[0];
  const own = creator === undefined ? [] : [creator];
  const owners = [...new Set([...own, ...input.owners])];
  const members = [...new Set([...own, ...input.members])];
  if (owners.length === 0) throw new Problem('last_owner', 'A group needs at least one owner');
  refuseDirect(by, input.admission);
  refuseLongSlug(by, input.slug);
  refuseLargeGroup(quotas, members.length);
  const { hiddenMembers: hidden, admission, name = input.slug } = input;
  const describe = (group: string) => ({ group, owners, members, hidden, admission });
  // Others learn of themselves alone: who else is in a group may be hidden.
  const about = (group: string) =>
    [...new Set([...owners, ...members])].map((organisation) => ({
      organisation,
      detail: { group, organisation, admission },
    }));
  const created = await alter(db, by, { action: 'group.create', describe, about }, async (tx) => {
    const slug = await chooseGroupSlug(tx, by, input.slug);
    const ownerIds = await idsOf(tx, by, owners);
    const [creatorId] = ownerIds;
    const memberIds = await idsOf(tx, by, members);
    const groupId = await insertGroup(tx, { ...input, name, slug, realmId: by.realmId });
    for (const [part, ids] of [['owner', ownerIds] as const, ['member', memberIds] as const]) {
      const direct = ids.filter((id) => id === creatorId || isDirect(by, part, input));
      const asked = ids.filter((id) => !direct.includes(id));
      await enter(tx, quotas, { part, groupId }, direct);
      await invite(tx, by, quotas, { part, groupId }, asked);
    }
    return slug;
  });
  return readGroup(db, by, created);
}

/** Only an administrator of the server lets a group have members who were not asked. */
function refuseDirect({ role }: Administrator, admission: Admission | undefined): void {
  if (role === 'admin' || admission !== 'direct') return;
  throw new Problem('role_not_allowed', 'Only an administrator can set `admission` to `direct`', {
    path: 'body.admission',
  });
}

/** Whether the caller brings others in without asking them. */
function isDirect(
  by: Administrator,
  part: Part,
  { admission }: Pick<GroupFacts, 'admission'>,
): boolean {
  return admission === 'direct' || (part === 'owner' && by.role === 'admin');
}

/** Changes groups of the caller's realm, unless it is archived. Throws Problem realm_closed. */
async function alter<T>(
  db: Database,
  by: Administrator,
  act: AdministrativeAct<T>,
  work: (tx: ServerTx) => Promise<T>,
): Promise<T> {
  return administer(db, by, act, async (tx) => {
    if (!(await isArchived(tx, by.realmId))) return work(tx);
    throw new Problem('realm_closed', 'The exercise is archived: its groups cannot be changed');
  });
}

/** The groups that the caller is in, owns, is invited to or may join; all of them for an admin. */
export async function readGroups(db: Database, by: Administrator): Promise<GroupView[]> {
  const all = await listGroups(db.server, by.realmId);
  return all.filter((group) => isThere(group, by)).map((group) => viewOf(group, by));
}

/** Throws Problem not_found, for a group that does not exist for the caller. */
export async function readGroup(db: Database, by: Administrator, slug: string): Promise<GroupView> {
  const [group] = await listGroups(db.server, by.realmId, slug);
  if (group === undefined || !isThere(group, by)) throw unknownGroup(slug);
  return viewOf(group, by);
}

/** Changes what is given. Throws Problem not_found, not_an_owner or role_not_allowed. */
export async function changeGroup(
  db: Database,
  by: Administrator,
  slug: string,
  change: { readonly [fact in keyof GroupFacts]?: GroupFacts[fact] | undefined },
): Promise<GroupView> {
  const detail = { group: slug, changed: Object.keys(change) };
  refuseDirect(by, change.admission);
  const act = { action: 'group.change', describe: () => detail, about: aboutNobody };
  await alter(db, by, act, async (tx) => {
    const group = await findOwned(tx, by, slug);
    await updateGroup(tx, group.id, {
      name: change.name ?? group.name,
      description: change.description ?? group.description,
      open: change.open ?? group.open,
      hiddenMembers: change.hiddenMembers ?? group.hiddenMembers,
      admission: change.admission ?? group.admission,
    });
  });
  return readGroup(db, by, slug);
}

/** What came of bringing an organisation into a group. */
export type Joining = 'joined' | 'invited';

/**
 * Brings an organisation into a group, or among its owners. Owners and admins invite others; where
 * admission is direct, those are in at once. An organisation brings itself into an open group, or
 * accepts its invitation.
 * Throws Problem not_found, group_closed, not_an_owner, organisation_unknown or group_limit.
 */
export async function join(
  { db, quotas }: GroupContext,
  by: Administrator,
  slug: string,
  part: Part,
  organisation: string,
): Promise<Joining> {
  let joining: Joining = 'joined';
  const describe = () => ({ group: slug, organisation, result: joining });
  const about = () => [{ organisation }];
  await alter(db, by, { action: `group.add_${part}`, describe, about }, async (tx) => {
    const group = await find(tx, by, slug);
    const self = isSelf(by, organisation);
    if (self) refuseUninvited(group, by, part);
    else refuseOthers(group, by);
    const ids = await idsOf(tx, by, [organisation]);
    joining =
      self || isDirect(by, part, group) || isIn(group, part, organisation) ? 'joined' : 'invited';
    const where = { part, groupId: group.id };
    if (part === 'member') refuseLargeGroup(quotas, sizeWith(group, organisation));
    if (joining === 'invited') await invite(tx, by, quotas, where, ids);
    else if (!isIn(group, part, organisation)) await enter(tx, quotas, where, ids);
  });
  return joining;
}

function isIn(group: GroupRecord, part: Part, organisation: string): boolean {
  return (part === 'member' ? group.members : group.owners).includes(organisation);
}

/** Whether it is in the group in any way. One that is suspended by now can still be removed. */
function isOf(group: GroupRecord, organisation: string): boolean {
  const { members, owners, invitedMembers, invitedOwners } = group;
  return [members, owners, invitedMembers, invitedOwners].some((some) =>
    some.includes(organisation),
  );
}

/** How many members and invited organisations a group has with this one. */
function sizeWith({ members, invitedMembers }: GroupRecord, organisation: string): number {
  return new Set([...members, ...invitedMembers, organisation]).size;
}

/**
 * Takes an organisation out of a group, or from among its owners, or withdraws its invitation: for
 * owners and admins. An organisation leaves, or declines its invitation, by itself.
 * Throws Problem not_found, not_an_owner, last_owner or organisation_unknown.
 */
export async function leave(
  { db }: Pick<GroupContext, 'db'>,
  by: Administrator,
  slug: string,
  part: Part,
  organisation: string,
): Promise<void> {
  const act = {
    action: `group.remove_${part}`,
    describe: () => ({ group: slug, organisation }),
    about: () => [{ organisation }],
  };
  await alter(db, by, act, async (tx) => {
    const group = await find(tx, by, slug);
    if (!isSelf(by, organisation)) refuseOthers(group, by);
    if (part === 'owner' && group.owners.every((owner) => owner === organisation)) {
      throw new Problem('last_owner', `${organisation} is the only owner`);
    }
    const id = isOf(group, organisation)
      ? await findOrganisationId(tx, organisation)
      : (await idsOf(tx, by, [organisation]))[0];
    if (id === undefined) throw unknownOrganisation(organisation);
    await removeFromGroup(tx, part, group.id, id);
    await deleteGroupInvitations(tx, part, group.id, [id]);
  });
}

/** The invitations that wait for an answer of the caller's organisation. */
export async function readGroupInvitations(
  db: Database,
  { organisation, realmId }: Administrator,
): Promise<GroupInvitation[]> {
  return organisation === undefined
    ? []
    : listGroupInvitations(db.server, realmId, organisation.id);
}

async function find(tx: ServerTx, by: Administrator, slug: string): Promise<GroupRecord> {
  const [group] = await listGroups(tx, by.realmId, slug);
  if (group === undefined || !isThere(group, by)) throw unknownGroup(slug);
  return group;
}

async function findOwned(tx: ServerTx, by: Administrator, slug: string): Promise<GroupRecord> {
  const group = await find(tx, by, slug);
  refuseOthers(group, by);
  return group;
}

function refuseOthers(group: GroupRecord, by: Administrator): void {
  if (isKeeper(group, by)) return;
  const who = by.organisation?.slug ?? 'The caller';
  throw new Problem('not_an_owner', `${who} is not an owner of the sharing group ${group.slug}`);
}

/** An organisation enters by itself where it may, or where it was invited. */
function refuseUninvited(group: GroupRecord, by: Administrator, part: Part): void {
  if (isKeeper(group, by) || isInvited(group, by, part)) return;
  if (part === 'owner') refuseOthers(group, by);
  if (group.open || isMember(group, by)) return;
  const who = by.organisation?.slug ?? 'The caller';
  throw new Problem(
    'group_closed',
    `${who} has no invitation to the sharing group ${group.slug}. Ask an owner of the group for one.`,
  );
}

function isSelf({ organisation }: Administrator, slug: string): boolean {
  return organisation?.slug === slug;
}

function unknownGroup(slug: string): Problem {
  return new Problem('not_found', `There is no sharing group ${slug}`);
}
