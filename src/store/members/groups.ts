import type { Admission } from '../../sharing/group.ts';
import type { Prisma } from '../generated/client.ts';
import type { ServerTx } from '../postgres/transaction.ts';

/** A sharing group with all that its owners know of it. */
export interface GroupRecord {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly open: boolean;
  readonly hiddenMembers: boolean;
  readonly admission: Admission;
  /** Slugs of organisations. */
  readonly members: readonly string[];
  readonly owners: readonly string[];
  /** Those that have not answered yet. */
  readonly invitedMembers: readonly string[];
  readonly invitedOwners: readonly string[];
}

/** The groups of a realm, or the one of a slug. */
export async function listGroups(
  tx: Prisma.TransactionClient,
  realmId: number,
  slug = '',
): Promise<GroupRecord[]> {
  return tx.$queryRaw`
    select a.id, a.slug, coalesce(a.name, a.slug) as name, a.description, a.open,
      a.hidden_members as "hiddenMembers", a.admission,
      array(select o.slug from audience_member m join organisation o on o.id = m.organisation_id
        where m.audience_id = a.id order by 1) as members,
      array(select o.slug from audience_owner w join organisation o on o.id = w.organisation_id
        where w.audience_id = a.id order by 1) as owners,
      array(select o.slug from group_invitation i join organisation o on o.id = i.organisation_id
        where i.audience_id = a.id and i.part = 'member' order by 1) as "invitedMembers",
      array(select o.slug from group_invitation i join organisation o on o.id = i.organisation_id
        where i.audience_id = a.id and i.part = 'owner' order by 1) as "invitedOwners"
    from audience a
    where a.realm_id = ${realmId}::smallint and a.kind = 'group' and ${slug} in ('', a.slug)
    order by a.slug`;
}

export interface GroupFacts {
  readonly name: string;
  readonly description: string;
  readonly open: boolean;
  readonly hiddenMembers: boolean;
  readonly admission: Admission;
}

/** Returns the group's id. */
export async function insertGroup(
  tx: ServerTx,
  group: GroupFacts & { readonly realmId: number; readonly slug: string },
): Promise<number> {
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    insert into audience (realm_id, kind, slug, name, description, open, hidden_members, admission)
    values (${group.realmId}::smallint, 'group', ${group.slug}, ${group.name},
      ${group.description}, ${group.open}, ${group.hiddenMembers}, ${group.admission})
    returning id`;
  if (row === undefined) throw new Error('The group was not stored');
  return row.id;
}

export async function updateGroup(tx: ServerTx, id: number, facts: GroupFacts): Promise<void> {
  await tx.$executeRaw`
    update audience set name = ${facts.name}, description = ${facts.description},
      open = ${facts.open}, hidden_members = ${facts.hiddenMembers},
      admission = ${facts.admission}
    where id = ${id}`;
}

/** What an organisation can be to a group. */
export type Part = 'member' | 'owner';

export async function addToGroup(
  tx: ServerTx,
  part: Part,
  groupId: number,
  organisationIds: readonly number[],
): Promise<void> {
  const ids = [...organisationIds];
  await (part === 'member'
    ? tx.$executeRaw`
        insert into audience_member (audience_id, organisation_id)
        select ${groupId}, unnest(${ids}::integer[]) on conflict do nothing`
    : tx.$executeRaw`
        insert into audience_owner (audience_id, organisation_id)
        select ${groupId}, unnest(${ids}::integer[]) on conflict do nothing`);
}

export async function removeFromGroup(
  tx: ServerTx,
  part: Part,
  groupId: number,
  organisationId: number,
): Promise<void> {
  await (part === 'member'
    ? tx.$executeRaw`
        delete from audience_member
        where audience_id = ${groupId} and organisation_id = ${organisationId}`
    : tx.$executeRaw`
        delete from audience_owner
        where audience_id = ${groupId} and organisation_id = ${organisationId}`);
}
