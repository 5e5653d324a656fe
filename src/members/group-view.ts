/** What an organisation may know of a sharing group, and do with it. */
import type { GroupFacts, GroupRecord, Part } from '../store/members/groups.ts';
import type { Administrator } from '../access/administer.ts';

/** A group as the caller may see it. */
export interface GroupView extends GroupFacts {
  readonly slug: string;
  /** Null where the caller may not know them. */
  readonly members: readonly string[] | null;
  readonly owners: readonly string[] | null;
  readonly invitedMembers: readonly string[] | null;
  readonly invitedOwners: readonly string[] | null;
  /** Whether the caller's organisation is a member, is an owner, and has an invitation to answer. */
  readonly member: boolean;
  readonly owner: boolean;
  readonly invited: boolean;
}

/** Whether the group exists for the caller. */
export function isThere(group: GroupRecord, by: Administrator): boolean {
  return group.open || isMember(group, by) || isKeeper(group, by) || isInvited(group, by);
}

/** Whether the caller's organisation is in the group. */
export function isMember(group: GroupRecord, by: Administrator): boolean {
  return isAmong(group.members, by);
}

/** Whether the caller maintains the group: an owner, or an administrator of the server. */
export function isKeeper(group: GroupRecord, by: Administrator): boolean {
  return by.role === 'admin' || isAmong(group.owners, by);
}

/** Whether the caller's organisation was invited and has not answered. */
export function isInvited(group: GroupRecord, by: Administrator, part?: Part): boolean {
  return (
    (part !== 'owner' && isAmong(group.invitedMembers, by)) ||
    (part !== 'member' && isAmong(group.invitedOwners, by))
  );
}

function isAmong(slugs: readonly string[], { organisation }: Administrator): boolean {
  return organisation !== undefined && slugs.includes(organisation.slug);
}

/**
 * Owners and administrators see who is in a group; so do members, unless members are hidden. Who is
 * invited, only owners and administrators see.
 */
export function viewOf(group: GroupRecord, by: Administrator): GroupView {
  const { slug, name, description, open, hiddenMembers, admission } = group;
  const keeper = isKeeper(group, by);
  const sees = keeper || (isMember(group, by) && !hiddenMembers);
  return {
    slug,
    name,
    description,
    open,
    hiddenMembers,
    admission,
    members: sees ? group.members : null,
    owners: sees ? group.owners : null,
    invitedMembers: keeper ? group.invitedMembers : null,
    invitedOwners: keeper ? group.invitedOwners : null,
    member: isMember(group, by),
    owner: isAmong(group.owners, by),
    invited: isInvited(group, by),
  };
}
