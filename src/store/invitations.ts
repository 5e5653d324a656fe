import type { Database } from './database.ts';

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
      and u.status <> 'disabled'`;
  return row;
}
