import type { Admission } from '../../sharing/group.ts';
import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: lists in one row, and sets of organisations.

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
  slug?: string,
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
    where a.realm_id = ${realmId}::smallint and a.kind = 'group'
      and ${all(slug === undefined ? undefined : Prisma.sql`a.slug = ${slug}`)}
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
  const { realmId, slug, name, description, open, hiddenMembers, admission } = group;
  const { id } = await tx.audience.create({
    data: { realmId, kind: 'group', slug, name, description, open, hiddenMembers, admission },
    select: { id: true },
  });
  return id;
}

export async function updateGroup(tx: ServerTx, id: number, facts: GroupFacts): Promise<void> {
  const { name, description, open, hiddenMembers, admission } = facts;
  const data = { name, description, open, hiddenMembers, admission };
  await tx.audience.updateMany({ where: { id }, data });
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
  const where = { audienceId: groupId, organisationId };
  await (part === 'member'
    ? tx.audienceMember.deleteMany({ where })
    : tx.audienceOwner.deleteMany({ where }));
}
