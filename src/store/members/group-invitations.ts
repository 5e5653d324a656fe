/** Invitations into sharing groups, until they are answered. */
import type { Prisma } from '../generated/client.ts';
import type { Part } from './groups.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: joins, and sets of organisations.

/** An invitation as the invited organisation sees it. */
export interface GroupInvitation {
  /** Slug of the group. */
  readonly group: string;
  readonly name: string;
  readonly description: string;
  readonly hiddenMembers: boolean;
  readonly part: Part;
  /** Slug of the organisation that invites; null for the operator of the server. */
  readonly invitedBy: string | null;
  readonly invitedAt: Date;
}

/** The invitations of an organisation in a realm, the newest first. */
export async function listGroupInvitations(
  tx: Prisma.TransactionClient,
  realmId: number,
  organisationId: number,
): Promise<GroupInvitation[]> {
  return tx.$queryRaw`
    select a.slug as group, coalesce(a.name, a.slug) as name, a.description,
      a.hidden_members as "hiddenMembers", i.part, o.slug as "invitedBy",
      i.invited_at as "invitedAt"
    from group_invitation i join audience a on a.id = i.audience_id
      left join organisation o on o.id = i.inviter_id
    where i.organisation_id = ${organisationId} and a.realm_id = ${realmId}::smallint
    order by i.invited_at desc, a.slug, i.part`;
}

/** Invites organisations; those that are invited already stay so. */
export async function insertGroupInvitations(
  tx: ServerTx,
  { part, groupId, inviterId }: { part: Part; groupId: number; inviterId: number | null },
  organisationIds: readonly number[],
): Promise<void> {
  await tx.$executeRaw`
    insert into group_invitation (audience_id, organisation_id, part, inviter_id)
    select ${groupId}, id, ${part}, ${inviterId}::integer
    from unnest(${[...organisationIds]}::integer[]) as id on conflict do nothing`;
}

/** Deletes what the organisations are invited to: they have answered, or it was withdrawn. */
export async function deleteGroupInvitations(
  tx: ServerTx,
  part: Part,
  groupId: number,
  organisationIds: readonly number[],
): Promise<void> {
  await tx.$executeRaw`
    delete from group_invitation where audience_id = ${groupId} and part = ${part}
      and organisation_id = any(${[...organisationIds]}::integer[])`;
}

/** What an organisation has of groups. */
export interface GroupCounts {
  readonly slug: string;
  /** Groups that it owns, and groups that it is in. */
  readonly owned: number;
  readonly joined: number;
  /** Invitations of one inviter that wait for its answer, and its own that wait for others' answers. */
  readonly received: number;
  readonly sent: number;
}

/**
 * How many groups and invitations each of these organisations has, and how many of those that it has to answer
 * are from `inviterId` (null: from the operator). Groups of all realms count.
 */
export async function countGroups(
  tx: ServerTx,
  organisationIds: readonly number[],
  inviterId: number | null,
): Promise<GroupCounts[]> {
  return tx.$queryRaw`
    select o.slug,
      (select count(*)::int from audience_owner w where w.organisation_id = o.id) as owned,
      (select count(*)::int from audience_member m where m.organisation_id = o.id) as joined,
      (select count(*)::int from group_invitation i where i.organisation_id = o.id
        and i.inviter_id is not distinct from ${inviterId}::integer) as received,
      (select count(*)::int from group_invitation i where i.inviter_id = o.id) as sent
    from organisation o where o.id = any(${[...organisationIds]}::integer[]) order by o.slug`;
}
