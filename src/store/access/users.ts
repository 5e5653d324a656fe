import { randomBytes } from 'node:crypto';
import { all } from '../postgres/conditions.ts';
import type { Database } from '../postgres/database.ts';
import { Prisma } from '../generated/client.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: joins, row locks, and inserts of what another row has.

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
  /** Its identity at the provider; null for a user who only signs in here. */
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
  const { organisationId, realmId, email, name, role, redClearance } = user;
  const [row] = await tx.user.createManyAndReturn({
    data: [{ organisationId, realmId, email, name, role, redClearance }],
    skipDuplicates: true,
    select: { id: true },
  });
  return row?.id;
}

/** Which users: of one organisation or all, of these roles. */
export interface UserFilter {
  readonly organisationId?: number | undefined;
  /** A slug. */
  readonly organisation?: string | undefined;
  readonly id?: string | undefined;
  readonly roles: readonly string[];
  /** Only those after this user, who exists. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** In the order of their addresses. */
export async function listUsers(
  tx: Prisma.TransactionClient,
  { organisationId, organisation, id, roles, after, limit }: UserFilter,
): Promise<UserView[]> {
  return tx.$queryRaw`
    select u.id, u.organisation_id as "organisationId", o.slug as organisation,
      o.name as "organisationName", u.email, u.name,
      u.role, u.red_clearance as "redClearance", u.status, u.password_hash is not null as "hasPassword",
      u.totp_confirmed_at is not null as "hasSecondFactor", u.oidc_issuer as issuer,
      u.created_at as "createdAt", u.last_sign_in_at as "lastSignInAt"
    from user_account u join organisation o on o.id = u.organisation_id
    where u.role = any(${[...roles]}) and ${all(
      organisationId === undefined
        ? undefined
        : Prisma.sql`u.organisation_id = ${organisationId}::integer`,
      organisation === undefined ? undefined : Prisma.sql`o.slug = ${organisation}`,
      id === undefined ? undefined : Prisma.sql`u.id = ${id}::uuid`,
      after === undefined
        ? undefined
        : Prisma.sql`exists (select from user_account a where a.id = ${after}::uuid
            and (u.email, u.id) > (a.email, a.id))`,
    )}
    order by u.email, u.id
    limit ${limit ?? null}::integer`;
}

export interface UserChange {
  readonly name: string;
  readonly role: string;
  readonly redClearance: boolean;
  readonly status: string;
}

export async function updateUser(tx: ServerTx, id: string, change: UserChange): Promise<void> {
  const { name, role, redClearance, status } = change;
  await tx.user.updateMany({ where: { id }, data: { name, role, redClearance, status } });
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

const RECORD = {
  id: true,
  organisationId: true,
  realmId: true,
  email: true,
  role: true,
  status: true,
  passwordHash: true,
  totpSecret: true,
  totpConfirmedAt: true,
  oidcSubject: true,
} as const;

function toRecord({
  oidcSubject: subject,
  ...user
}: Prisma.UserGetPayload<{ select: typeof RECORD }>): UserRecord {
  return { ...user, subject };
}

export type UserName =
  { readonly id: string } | { readonly issuer: string; readonly subject: string };

/** The user of this name; with `lock`, nobody else changes it until the transaction ends. */
export async function findUser(
  tx: Prisma.TransactionClient,
  by: UserName,
  { lock = false } = {},
): Promise<UserRecord | undefined> {
  if (lock) await lockUser(tx, by);
  const where = 'id' in by ? { id: by.id } : { oidcIssuer: by.issuer, oidcSubject: by.subject };
  const row = await tx.user.findFirst({ where, select: RECORD });
  return row === null ? undefined : toRecord(row);
}

async function lockUser(tx: Prisma.TransactionClient, by: UserName): Promise<void> {
  await tx.$executeRaw`select from user_account where ${
    'id' in by
      ? Prisma.sql`id = ${by.id}::uuid`
      : Prisma.sql`oidc_issuer = ${by.issuer} and oidc_subject = ${by.subject}`
  } for update`;
}

/** The users of an address, of every organisation that has one; in lower case. */
export async function findUsersOf(
  tx: Prisma.TransactionClient,
  email: string,
): Promise<UserRecord[]> {
  const rows = await tx.user.findMany({
    where: { email },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    select: RECORD,
  });
  return rows.map(toRecord);
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
  await tx.user.updateMany({ where: { id }, data: { passwordHash: hash } });
}

/** An invited user comes in: nobody who was disabled does. */
export async function activateUser(tx: ServerTx, id: string): Promise<void> {
  await tx.user.updateMany({ where: { id, status: 'invited' }, data: { status: 'active' } });
}

/** Links a user to its identity at the provider. Fails on a unique constraint where another is that one. */
export async function setIdentity(
  tx: ServerTx,
  id: string,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<void> {
  await tx.user.updateMany({
    where: { id },
    data: { oidcIssuer: issuer, oidcSubject: subject },
  });
}

/**
 * Unbinds a user from the identity provider; one without a password is invited again. False when
 * the user was not bound.
 */
export async function clearIdentity(tx: ServerTx, id: string): Promise<boolean> {
  const bound = { id, oidcSubject: { not: null } };
  const unbound = { oidcIssuer: null, oidcSubject: null };
  const invited = await tx.user.updateMany({
    where: { ...bound, status: 'active', passwordHash: null },
    data: { ...unbound, status: 'invited' },
  });
  const others = await tx.user.updateMany({ where: bound, data: unbound });
  return invited.count + others.count === 1;
}

export async function noteSignIn(tx: ServerTx, id: string, now: Date): Promise<void> {
  await tx.user.updateMany({ where: { id }, data: { lastSignInAt: now } });
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
  if (actor === maker) return;
  await tx.handedTo.createMany({ data: [{ actor, maker }], skipDuplicates: true });
}

/** Records that an actor's standing is its own. */
export async function forgetHandedTo(tx: ServerTx, actor: string): Promise<void> {
  await tx.handedTo.deleteMany({ where: { actor } });
}
