import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { Database } from '../postgres/database.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: joins, and recursion over what made an account.

export type ResetKind = 'password' | 'second_factor' | 'identity';

/** That an administrator reset part of a user's account. */
export interface AccountReset {
  readonly userId: string;
  readonly email: string;
  /** A slug. */
  readonly organisation: string;
  readonly kind: ResetKind;
  readonly actor: string;
  readonly at: Date;
}

/** Records a reset, for the user and their organisation to see. */
export async function insertReset(
  tx: ServerTx,
  userId: string,
  { kind, actor, at }: Pick<AccountReset, 'kind' | 'actor' | 'at'>,
): Promise<void> {
  await tx.$executeRaw`
    insert into account_reset (user_id, organisation_id, kind, actor, at)
    select id, organisation_id, ${kind}, ${actor}, ${at}::timestamptz
    from user_account where id = ${userId}::uuid`;
}

/**
 * Whether a reset of this kind, since the user last signed in, was the act of somebody who may be
 * the same person as `actor`.
 */
export async function isOwnReset(
  tx: ServerTx,
  userId: string,
  { kind, actor }: Pick<AccountReset, 'kind' | 'actor'>,
): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ own: boolean }[]>`
    select exists (
      select from account_reset r join user_account u on u.id = r.user_id
      where r.user_id = ${userId}::uuid and r.kind = ${kind}
        and (u.last_sign_in_at is null or r.at >= u.last_sign_in_at)
        and exists (select lines_of(r.actor) intersect select lines_of(${actor}))) as own`;
  return row?.own === true;
}

/** Which resets: of one user, of one organisation or of all; of users in these roles. */
export interface ResetFilter {
  readonly userId?: string | undefined;
  readonly organisationId?: number | undefined;
  readonly roles: readonly string[];
  readonly since: Date;
  readonly limit: number;
}

/** The newest first. */
export async function listResets(
  db: Database,
  { userId, organisationId, roles, since, limit }: ResetFilter,
): Promise<AccountReset[]> {
  return db.server.$queryRaw`
    select r.user_id as "userId", u.email, o.slug as organisation, r.kind, r.actor, r.at
    from account_reset r join user_account u on u.id = r.user_id
      join organisation o on o.id = r.organisation_id
    where u.role = any(${[...roles]}) and r.at > ${since}::timestamptz and ${all(
      userId === undefined ? undefined : Prisma.sql`r.user_id = ${userId}::uuid`,
      organisationId === undefined
        ? undefined
        : Prisma.sql`r.organisation_id = ${organisationId}::integer`,
    )}
    order by r.at desc, r.id desc limit ${limit}::integer`;
}
