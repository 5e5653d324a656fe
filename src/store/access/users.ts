import { randomBytes } from 'node:crypto';
import type { Database } from '../postgres/database.ts';
import { Prisma } from '../generated/client.ts';
import type { ServerTx } from '../postgres/transaction.ts';

/** A user as administrators see it: nothing that would open anything. */
export interface UserView {
  readonly id: string;
  readonly organisationId: number;
  /** A slug. */
  readonly organisation: string;
  readonly organisationName: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly redClearance: boolean;
  /** invited, active or disabled. */
  readonly status: string;
  readonly hasPassword: boolean;
  readonly hasSecondFactor: boolean;
  /** Who it is elsewhere; null for who only signs in here. */
  readonly issuer: string | null;
  readonly createdAt: Date;
  readonly lastSignInAt: Date | null;
}

export interface NewUser {
  readonly organisationId: number;
  readonly realmId: number;
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly redClearance: boolean;
}

/** Creates an invited user and returns its id; undefined where its organisation has one of this address. */
export async function insertUser(tx: ServerTx, user: NewUser): Promise<string | undefined> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    insert into user_account (organisation_id, realm_id, email, name, role, red_clearance)
    values (${user.organisationId}, ${user.realmId}::smallint, ${user.email}, ${user.name},
      ${user.role}, ${user.redClearance})
    on conflict (organisation_id, email) do nothing returning id`;
  return row?.id;
}

/** Which users: of one organisation or all, of these roles. */
export interface UserFilter {
  readonly organisationId?: number | undefined;
  readonly id?: string | undefined;
  readonly roles: readonly string[];
}

/** In the order of their addresses. */
export async function listUsers(
  tx: Prisma.TransactionClient,
  { organisationId = -1, id, roles }: UserFilter,
): Promise<UserView[]> {
  return tx.$queryRaw`
    select u.id, u.organisation_id as "organisationId", o.slug as organisation,
      o.name as "organisationName", u.email, u.name,
      u.role, u.red_clearance as "redClearance", u.status, u.password_hash is not null as "hasPassword",
      u.totp_confirmed_at is not null as "hasSecondFactor", u.oidc_issuer as issuer,
      u.created_at as "createdAt", u.last_sign_in_at as "lastSignInAt"
    from user_account u join organisation o on o.id = u.organisation_id
    where ${organisationId}::integer in (-1, u.organisation_id) and u.role = any(${[...roles]})
      and (${id ?? null}::uuid is null or u.id = ${id ?? null}::uuid)
    order by u.email`;
}

export interface UserChange {
  readonly name: string;
  readonly role: string;
  readonly redClearance: boolean;
  readonly status: string;
}

export async function updateUser(tx: ServerTx, id: string, change: UserChange): Promise<void> {
  await tx.$executeRaw`
    update user_account set name = ${change.name}, role = ${change.role},
      red_clearance = ${change.redClearance}, status = ${change.status}
    where id = ${id}::uuid`;
}

/** What signing in looks at. */
export interface UserRecord {
  readonly id: string;
  readonly organisationId: number;
  readonly realmId: number;
  readonly email: string;
  readonly role: string;
  readonly status: string;
  readonly passwordHash: string | null;
  readonly totpSecret: Uint8Array | null;
  /** Null while the second factor has not been confirmed. */
  readonly totpConfirmedAt: Date | null;
  readonly subject: string | null;
}

const RECORD = Prisma.sql`
  id, organisation_id as "organisationId", realm_id as "realmId", email, role, status,
  password_hash as "passwordHash", totp_secret as "totpSecret",
  totp_confirmed_at as "totpConfirmedAt", oidc_subject as subject`;

export type UserName =
  { readonly id: string } | { readonly issuer: string; readonly subject: string };

/** The user of this name; with `lock`, nobody else changes it until the transaction ends. */
export async function findUser(
  tx: Prisma.TransactionClient,
  by: UserName,
  { lock = false } = {},
): Promise<UserRecord | undefined> {
  const id = 'id' in by ? by.id : null;
  const [issuer, subject] = 'issuer' in by ? [by.issuer, by.subject] : [null, null];
  const [row] = await tx.$queryRaw<UserRecord[]>`
    select ${RECORD} from user_account
    where id = ${id}::uuid or (oidc_issuer = ${issuer} and oidc_subject = ${subject})
    ${lock ? Prisma.sql`for update` : Prisma.empty}`;
  return row;
}

/** The users of an address, of every organisation that has one; in lower case. */
export async function findUsersOf(
  tx: Prisma.TransactionClient,
  email: string,
): Promise<UserRecord[]> {
  return tx.$queryRaw`
    select ${RECORD} from user_account where email = ${email} order by created_at, id`;
}

/** The salt for the password of a user: all users of an address have the same. */
export async function saltOfUser(db: Database, userId: string): Promise<Buffer> {
  await db.server.$executeRaw`
    insert into address_salt (email, salt)
    select email, ${randomBytes(16)} from user_account where id = ${userId}::uuid
    on conflict do nothing`;
  const [row] = await db.server.$queryRaw<{ salt: Uint8Array }[]>`
    select s.salt from address_salt s join user_account u using (email) where u.id = ${userId}::uuid`;
  if (row === undefined) throw new Error('A user is gone');
  return Buffer.from(row.salt);
}

/** The names that an attacker would try first: of a user, their address and organisation. */
export async function findNamesAround(db: Database, userId: string): Promise<string[]> {
  const [row] = await db.server.$queryRaw<{ names: string[] }[]>`
    select array[u.email, split_part(u.email, '@', 1), u.name, o.slug, o.name] as names
    from user_account u join organisation o on o.id = u.organisation_id
    where u.id = ${userId}::uuid`;
  return row?.names ?? [];
}

export async function setPassword(tx: ServerTx, id: string, hash: string): Promise<void> {
  await tx.$executeRaw`update user_account set password_hash = ${hash} where id = ${id}::uuid`;
}

/** An invited user comes in: nobody who was disabled does. */
export async function activateUser(tx: ServerTx, id: string): Promise<void> {
  await tx.$executeRaw`
    update user_account set status = 'active' where id = ${id}::uuid and status = 'invited'`;
}

/** Binds a user to who it is elsewhere. Fails on a unique constraint where another is that one. */
export async function setIdentity(
  tx: ServerTx,
  id: string,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<void> {
  await tx.$executeRaw`
    update user_account set oidc_issuer = ${issuer}, oidc_subject = ${subject}
    where id = ${id}::uuid`;
}

/**
 * Unbinds a user from the identity provider; one without a password is invited again. False when
 * the user was not bound.
 */
export async function clearIdentity(tx: ServerTx, id: string): Promise<boolean> {
  const cleared = await tx.$executeRaw`
    update user_account set oidc_issuer = null, oidc_subject = null,
      status = case when status = 'active' and password_hash is null then 'invited' else status end
    where id = ${id}::uuid and oidc_subject is not null`;
  return cleared === 1;
}

export async function noteSignIn(tx: ServerTx, id: string, now: Date): Promise<void> {
  await tx.$executeRaw`
    update user_account set last_sign_in_at = ${now}::timestamptz where id = ${id}::uuid`;
}

/** How many users can administrate the server at present. */
export async function countAdminUsers(tx: ServerTx): Promise<number> {
  const [row] = await tx.$queryRaw<{ users: number }[]>`
    select count(*)::integer as users
    from user_account u, viewer_of(u.organisation_id, u.realm_id) as v
    where u.role = 'admin' and u.status = 'active' and v.ceiling is not null`;
  return row?.users ?? 0;
}

/** Records that the standing of `actor` stems from `maker` (`key <id>` or `user <id>`). */
export async function insertHandedTo(tx: ServerTx, actor: string, maker: string): Promise<void> {
  await tx.$executeRaw`
    insert into handed_to (actor, maker) select ${actor}, ${maker} where ${actor} <> ${maker}
    on conflict do nothing`;
}

/** Records that an actor's standing is its own. */
export async function forgetHandedTo(tx: ServerTx, actor: string): Promise<void> {
  await tx.$executeRaw`delete from handed_to where actor = ${actor}`;
}
