import type { Database } from '../postgres/database.ts';
import type { Prisma } from '../generated/client.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: decided by a function in the very statement.

/** Who created an invitation. */
export interface InvitationMaker {
  /** `key <id>` or `user <id>`; null for the operator. */
  readonly madeBy: string | null;
  /** The name of the user. */
  readonly makerName: string | null;
  /** The name of the organisation of the user or key. */
  readonly makerOrganisation: string | null;
}

export interface InvitationRecord extends InvitationMaker {
  /** A slug. */
  readonly organisation: string;
  readonly organisationName: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  /** Of the user: invited or active. */
  readonly status: string;
  readonly expiresAt: Date;
}

export interface NewInvitation {
  readonly tokenHash: Buffer;
  readonly userId: string;
  readonly expiresAt: Date;
  /** `key <id>` or `user <id>`; null for the operator. */
  readonly madeBy: string | null;
  /** The key that made it, with which it ends. */
  readonly keyId: string | undefined;
}

/** Stores a link by which a user sets a password; returns when it ends, at the latest with its key. */
export async function insertInvitation(tx: ServerTx, invitation: NewInvitation): Promise<Date> {
  const { tokenHash, userId, expiresAt, madeBy, keyId = null } = invitation;
  const [row] = await tx.$queryRaw<{ expiresAt: Date }[]>`
    insert into invitation (token_hash, user_id, made_by, key_id, expires_at)
    values (${tokenHash}, ${userId}::uuid, ${madeBy}, ${keyId},
      least(${expiresAt}::timestamptz, (select expires_at from api_key where id = ${keyId})))
    returning expires_at as "expiresAt"`;
  return row?.expiresAt ?? expiresAt;
}

/** The user whose link this is, while it can be used. */
export async function findInvited(
  tx: Prisma.TransactionClient,
  tokenHash: Buffer,
  now: Date,
): Promise<string | undefined> {
  const [row] = await tx.$queryRaw<{ userId: string }[]>`
    select i.user_id as "userId" from invitation i
    where i.token_hash = ${tokenHash} and i.expires_at > ${now}::timestamptz
      and maker_could_grant(i, ${now}::timestamptz)`;
  return row?.userId;
}

/** Whether one of the invitations of a user, however old, is by somebody who could still give it. */
export async function isStillInvited(
  tx: Prisma.TransactionClient,
  userId: string,
  now: Date,
): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select 1 from invitation i
    where i.user_id = ${userId}::uuid and maker_could_grant(i, ${now}::timestamptz) limit 1`;
  return rows.length > 0;
}

/**
 * Uses up a link, and with it all others of its user; returns that user, or undefined where the link
 * cannot be used. Lock the user first: what made the link is asked for only after that wait.
 */
export async function takeInvitation(
  tx: ServerTx,
  tokenHash: Buffer,
  now: Date,
): Promise<string | undefined> {
  const [row] = await tx.$queryRaw<{ userId: string }[]>`
    delete from invitation i
    where i.token_hash = ${tokenHash} and i.expires_at > ${now}::timestamptz
      and maker_could_grant(i, ${now}::timestamptz)
    returning i.user_id as "userId"`;
  if (row !== undefined) await deleteInvitations(tx, row.userId);
  return row?.userId;
}

/** Deletes the links of a user. */
export async function deleteInvitations(tx: ServerTx, userId: string): Promise<void> {
  await tx.invitation.deleteMany({ where: { userId } });
}

/** The invitation with this token, while it can be used. */
export async function findInvitation(
  db: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<InvitationRecord | undefined> {
  const [row] = await db.server.$queryRaw<InvitationRecord[]>`
    select o.slug as organisation, o.name as "organisationName", u.email, u.name, u.role, u.status,
      i.expires_at as "expiresAt", i.made_by as "madeBy", m.name as "makerName",
      p.name as "makerOrganisation"
    from invitation i
      join user_account u on u.id = i.user_id
      join organisation o on o.id = u.organisation_id
      left join user_account m on i.made_by = 'user ' || m.id
      left join api_key k on i.made_by = 'key ' || k.id
      left join organisation p on p.id = coalesce(m.organisation_id, k.organisation_id)
    where i.token_hash = ${tokenHash} and i.expires_at > ${now}::timestamptz
      and u.status <> 'disabled' and maker_could_grant(i, ${now}::timestamptz)`;
  return row;
}
