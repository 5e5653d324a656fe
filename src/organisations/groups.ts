import { Problem } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { listOrganisations } from '../store/directory.ts';
import {
  addToGroup,
  insertGroup,
  listGroups,
  removeFromGroup,
  updateGroup,
  type GroupFacts,
  type GroupRecord,
  type Part,
} from '../store/groups.ts';
import { findEntered, isArchived } from '../store/realms.ts';
import type { ServerTx } from '../store/transaction.ts';
import { administer, type Administrator, type AuditDetail } from './administer.ts';
import { refuseLookAlikes } from './create.ts';

export interface GroupWish extends GroupFacts {
  readonly slug: string;
  /** Slugs of organisations. */
  readonly members: readonly string[];
  /** Besides the organisation of who makes it. */
  readonly owners: readonly string[];
}

/** A group as who asks may see it. */
export interface GroupView extends GroupFacts {
  readonly slug: string;
  /** Null where they are not for who asks to see. */
  readonly members: readonly string[] | null;
  readonly owners: readonly string[] | null;
  /** Whether the organisation of who asks is in it, and whether it keeps it. */
  readonly member: boolean;
  readonly owner: boolean;
}

/**
 * Makes a group. The organisation of who makes it owns it and is in it.
 * Throws Problem name_taken, organisation_unknown or last_owner.
 */
export async function createGroup(
  db: Database,
  by: Administrator,
  wish: GroupWish,
): Promise<GroupView> {
  const own = by.organisation === undefined ? [] : [by.organisation.slug];
  const owners = [...own, ...wish.owners];
  const members = [...own, ...wish.members];
  if (owners.length === 0) throw new Problem('last_owner', 'A group has an owner');
  const detail = { group: wish.slug, owners, members, hidden: wish.hiddenMembers };
  await alter(db, by, { action: 'group.create', describe: () => detail }, async (tx) => {
    await refuseLookAlikes(tx, [wish.slug], { realmId: by.realmId });
    const ownerIds = await idsOf(tx, by, owners);
    const memberIds = await idsOf(tx, by, members);
    const id = await insertGroup(tx, { ...wish, realmId: by.realmId });
    await addToGroup(tx, 'owner', id, ownerIds);
    await addToGroup(tx, 'member', id, memberIds);
  });
  return readGroup(db, by, wish.slug);
}

/** Administers in the realm of who asks, unless that is archived. Throws Problem realm_closed. */
async function alter(
  db: Database,
  by: Administrator,
  act: { readonly action: string; readonly describe: () => AuditDetail },
  work: (tx: ServerTx) => Promise<void>,
): Promise<void> {
  await administer(db, by, act, async (tx) => {
    if (!(await isArchived(tx, by.realmId))) return work(tx);
    throw new Problem('realm_closed', 'The exercise is archived: its groups stay as they were');
  });
}

/** The groups that who asks is in, keeps or may join; all of them for an admin. */
export async function readGroups(db: Database, by: Administrator): Promise<GroupView[]> {
  const all = await listGroups(db.server, by.realmId);
  return all.filter((group) => isThere(group, by)).map((group) => viewOf(group, by));
}

/** Throws Problem not_found, for a group that is not there for who asks. */
export async function readGroup(db: Database, by: Administrator, slug: string): Promise<GroupView> {
  const [group] = await listGroups(db.server, by.realmId, slug);
  if (group === undefined || !isThere(group, by)) throw unknown(slug);
  return viewOf(group, by);
}

/** Changes what is given. Throws Problem not_found or not_an_owner. */
export async function changeGroup(
  db: Database,
  by: Administrator,
  slug: string,
  change: { readonly [fact in keyof GroupFacts]?: GroupFacts[fact] | undefined },
): Promise<GroupView> {
  const detail = { group: slug, changed: Object.keys(change) };
  await alter(db, by, { action: 'group.change', describe: () => detail }, async (tx) => {
    const group = await findKept(tx, by, slug);
    await updateGroup(tx, group.id, {
      name: change.name ?? group.name,
      description: change.description ?? group.description,
      open: change.open ?? group.open,
      hiddenMembers: change.hiddenMembers ?? group.hiddenMembers,
    });
  });
  return readGroup(db, by, slug);
}

/**
 * Brings an organisation into a group, or among its owners: for owners and admins; into an open
 * one, for itself too. Throws Problem not_found, group_closed, not_an_owner or organisation_unknown.
 */
export async function join(
  db: Database,
  by: Administrator,
  slug: string,
  part: Part,
  organisation: string,
): Promise<void> {
  const act = { action: `group.add_${part}`, describe: () => ({ group: slug, organisation }) };
  await alter(db, by, act, async (tx) => {
    const group = await find(tx, by, slug);
    if (part === 'owner' || !isSelf(by, organisation)) refuseOthers(group, by);
    else if (!group.open && !keeps(group, by) && !isMember(group, by)) {
      throw new Problem('group_closed', 'Ask an owner of the group to add your organisation');
    }
    await addToGroup(tx, part, group.id, await idsOf(tx, by, [organisation]));
  });
}

/**
 * Takes an organisation out of a group, or from among its owners: for owners and admins, and for
 * itself. Throws Problem not_found, not_an_owner, last_owner or organisation_unknown.
 */
export async function leave(
  db: Database,
  by: Administrator,
  slug: string,
  part: Part,
  organisation: string,
): Promise<void> {
  const act = { action: `group.remove_${part}`, describe: () => ({ group: slug, organisation }) };
  await alter(db, by, act, async (tx) => {
    const group = await find(tx, by, slug);
    if (!isSelf(by, organisation)) refuseOthers(group, by);
    if (part === 'owner' && group.owners.every((owner) => owner === organisation)) {
      throw new Problem('last_owner', `${organisation} is the only owner`);
    }
    const [found] = await listOrganisations(tx, organisation);
    if (found === undefined) throw strange(organisation);
    await removeFromGroup(tx, part, group.id, found.id);
  });
}

async function find(tx: ServerTx, by: Administrator, slug: string): Promise<GroupRecord> {
  const [group] = await listGroups(tx, by.realmId, slug);
  if (group === undefined || !isThere(group, by)) throw unknown(slug);
  return group;
}

async function findKept(tx: ServerTx, by: Administrator, slug: string): Promise<GroupRecord> {
  const group = await find(tx, by, slug);
  refuseOthers(group, by);
  return group;
}

function refuseOthers(group: GroupRecord, by: Administrator): void {
  if (keeps(group, by)) return;
  throw new Problem('not_an_owner', 'Your organisation is not an owner of the group');
}

function isThere(group: GroupRecord, by: Administrator): boolean {
  return group.open || isMember(group, by) || keeps(group, by);
}

function isMember(group: GroupRecord, { organisation }: Administrator): boolean {
  return organisation !== undefined && group.members.includes(organisation.slug);
}

function keeps(group: GroupRecord, { role, organisation }: Administrator): boolean {
  return (
    role === 'admin' || (organisation !== undefined && group.owners.includes(organisation.slug))
  );
}

function isSelf({ organisation }: Administrator, slug: string): boolean {
  return organisation?.slug === slug;
}

/** Who may see who is in a group: its owners and admins, and its members unless they are hidden. */
function viewOf(group: GroupRecord, by: Administrator): GroupView {
  const { slug, name, description, open, hiddenMembers } = group;
  const told = keeps(group, by) || (isMember(group, by) && !hiddenMembers);
  return {
    slug,
    name,
    description,
    open,
    hiddenMembers,
    members: told ? group.members : null,
    owners: told ? group.owners : null,
    member: isMember(group, by),
    owner: by.organisation !== undefined && group.owners.includes(by.organisation.slug),
  };
}

/** Organisations that who asks can see, in its realm: groups and communities are none. */
async function idsOf(tx: ServerTx, by: Administrator, slugs: readonly string[]): Promise<number[]> {
  const all = new Map((await listOrganisations(tx)).map((one) => [one.slug, one]));
  const entered = await findEntered(tx, by.realmId);
  return slugs.map((slug) => {
    const found = all.get(slug);
    if (found === undefined || !entered.has(found.id)) throw strange(slug);
    if (by.role !== 'admin' && found.status !== 'active') throw strange(slug);
    return found.id;
  });
}

function strange(slug: string): Problem {
  return new Problem('organisation_unknown', `There is no organisation ${slug}`);
}

function unknown(slug: string): Problem {
  return new Problem('not_found', `There is no sharing group ${slug} for you`);
}
