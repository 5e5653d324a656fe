import { all } from '../postgres/conditions.ts';
import type { Database } from '../postgres/database.ts';
import { Prisma } from '../generated/client.ts';
import { bytes } from '../postgres/typed.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: at the rate of requests (noteKeyUse), joins, and recursion over what keys made.

/** A key as its administrators see it: nothing that would open anything. */
export interface KeyView {
  readonly id: string;
  readonly organisation: string;
  readonly realm: string;
  readonly role: string;
  readonly label: string;
  readonly networks: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** The key with which it ends; null where the operator or a user made it. */
  readonly parentId: string | null;
  readonly maker: KeyMaker | null;
}

/** The key or user that made a key; id and name are null for those who may not know them. */
export interface KeyMaker {
  readonly type: 'key' | 'user';
  readonly id: string | null;
  /** The label of the key, or the e-mail address of the user. */
  readonly name: string | null;
  readonly organisationId: number;
}

export interface NewKeyRecord {
  readonly id: string;
  readonly organisationId: number;
  readonly realmId: number;
  readonly role: string;
  readonly label: string;
  readonly secretHash: Buffer;
  readonly expiresAt: Date | null;
  readonly networks: readonly string[];
  /** The key that it is rotated from. */
  readonly previousId?: string | undefined;
  /** The key that asked for it; undefined for the operator and for users. */
  readonly madeBy?: string | undefined;
  /** The key with which it ends. */
  readonly parentId?: string | undefined;
  /** The user with whom it ends. */
  readonly madeByUser?: string | undefined;
}

export async function insertKey(tx: ServerTx, key: NewKeyRecord): Promise<void> {
  const { id, organisationId, realmId, role, label, expiresAt, previousId } = key;
  const { madeBy = null, parentId = null, madeByUser = null } = key;
  const previous =
    previousId === undefined
      ? null
      : await tx.apiKey.findUnique({
          where: { id: previousId },
          select: { id: true, firstId: true },
        });
  await tx.apiKey.create({
    data: {
      id,
      organisationId,
      realmId,
      role,
      label,
      expiresAt,
      secretHash: bytes(key.secretHash),
      networks: [...key.networks],
      firstId: previous?.firstId ?? previous?.id ?? null,
      madeBy,
      parentId,
      madeByUser,
    },
    select: { id: true },
  });
}

/** Which keys: of one organisation or all, of one realm or all, of these roles. */
export interface KeyFilter {
  readonly organisationId?: number | undefined;
  /** A slug. */
  readonly organisation?: string | undefined;
  readonly realmId?: number | undefined;
  readonly maker?: MadeBy | undefined;
  /** Only those after this key, which exists. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly id?: string | undefined;
  readonly roles: readonly string[];
}

/** The key or user whose keys are meant. */
interface MadeBy {
  readonly id: string;
  /** Only if it belongs to this organisation. */
  readonly organisationId?: number | undefined;
}

/** The keys, the newest first; those that ended long ago too. */
export async function listKeys(
  tx: Prisma.TransactionClient,
  { organisationId, organisation, realmId, id, roles, maker, after, limit }: KeyFilter,
): Promise<(KeyView & { readonly organisationId: number; readonly realmId: number })[]> {
  return tx.$queryRaw`
    select k.id, k.organisation_id as "organisationId", k.realm_id as "realmId",
      o.slug as organisation, r.slug as realm, k.role, k.label, k.networks,
      k.created_at as "createdAt", k.expires_at as "expiresAt", k.revoked_at as "revokedAt",
      k.last_used_at as "lastUsedAt", k.parent_id as "parentId",
      case
        when u.id is not null then jsonb_build_object(
          'type', 'user', 'id', u.id, 'name', u.email, 'organisationId', u.organisation_id)
        when m.id is not null then jsonb_build_object(
          'type', 'key', 'id', m.id, 'name', m.label, 'organisationId', m.organisation_id)
      end as maker
    from api_key k join organisation o on o.id = k.organisation_id join realm r on r.id = k.realm_id
      left join api_key m on m.id = k.made_by left join user_account u on u.id = k.made_by_user
    where k.role = any(${[...roles]}) and ${all(
      realmId === undefined ? undefined : Prisma.sql`k.realm_id = ${realmId}::smallint`,
      organisationId === undefined
        ? undefined
        : Prisma.sql`k.organisation_id = ${organisationId}::integer`,
      organisation === undefined ? undefined : Prisma.sql`o.slug = ${organisation}`,
      id === undefined ? undefined : Prisma.sql`k.id = ${id}`,
      madeBy(maker),
      after === undefined
        ? undefined
        : Prisma.sql`exists (select from api_key a where a.id = ${after}
            and (k.created_at < a.created_at or k.created_at = a.created_at and k.id > a.id))`,
    )}
    order by k.created_at desc, k.id
    limit ${limit ?? null}::integer`;
}

function madeBy(maker: MadeBy | undefined): Prisma.Sql | undefined {
  if (maker === undefined) return undefined;
  const { id, organisationId } = maker;
  const made = Prisma.sql`coalesce(u.id::text, m.id) = ${id}`;
  if (organisationId === undefined) return made;
  return Prisma.sql`${made} and coalesce(u.organisation_id, m.organisation_id) = ${organisationId}::integer`;
}

/** What a key passes on to those that it makes, and who it ends with. */
export interface KeyBounds {
  readonly id: string;
  readonly networks: readonly string[];
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly parentId: string | null;
  readonly madeByUser: string | null;
  /** Its parent, the parent of that, and so on. */
  readonly ancestorIds: readonly string[];
  /** The keys with whose revocation it is revoked: its ancestors, and those that made one of them or it. */
  readonly originIds: readonly string[];
}

export async function findKeyBounds(tx: ServerTx, id: string): Promise<KeyBounds | undefined> {
  const [row] = await tx.$queryRaw<KeyBounds[]>`
    select k.id, k.networks, k.expires_at as "expiresAt", k.revoked_at as "revokedAt",
      k.parent_id as "parentId", k.made_by_user as "madeByUser",
      array(
        with recursive above as (
          select k.parent_id as id
          union
          select p.parent_id from above join api_key p on p.id = above.id
        )
        select above.id from above where above.id is not null
      ) as "ancestorIds",
      array(
        with recursive origin as (
          select unnest(array[k.parent_id, k.made_by]) as id
          union
          select unnest(array[o.parent_id, o.made_by]) from origin join api_key o on o.id = origin.id
        )
        select origin.id from origin where origin.id is not null
      ) as "originIds"
    from api_key k where k.id = ${id}`;
  return row;
}

/** Gives the children and the invitations of one key to another, so that they live on with that one. */
export async function moveChildren(tx: ServerTx, from: string, to: string): Promise<void> {
  await tx.apiKey.updateMany({ where: { parentId: from }, data: { parentId: to } });
  await tx.invitation.updateMany({ where: { keyId: from }, data: { keyId: to } });
}

/**
 * Revokes the keys that a user made, and all that descend from them; returns the ids of those that
 * were in force. `but` names roles whose keys live on: for a user who is not disabled but has less
 * to say. Run it inside keepingAnAdmin: an admin key may be among them.
 */
export async function endKeysMadeBy(
  tx: ServerTx,
  userId: string,
  now: Date,
  { but = [] }: { readonly but?: readonly string[] } = {},
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    with recursive made as (
      select k.id from api_key k
      where k.made_by_user = ${userId}::uuid and k.role <> all(${[...but]}::text[])
      union
      select k.id from made join api_key k on made.id in (k.parent_id, k.made_by)
    )
    update api_key set revoked_at = ${now}::timestamptz
    where id in (select id from made) and revoked_at is null
      and (expires_at is null or expires_at > ${now}::timestamptz)
    returning id`;
  return rows.map(({ id }) => id);
}

/**
 * Ends a key at `at`, or earlier where it ends earlier, and its descendants. With `revoke` it is
 * revoked, and so is every key that was made with it (end_descendants in prisma/definitions).
 */
export async function endKey(
  tx: ServerTx,
  id: string,
  { at, revoke }: { readonly at: Date; readonly revoke: boolean },
): Promise<void> {
  await (revoke
    ? tx.$executeRaw`
        update api_key set revoked_at = coalesce(revoked_at, ${at}::timestamptz) where id = ${id}`
    : tx.$executeRaw`
        update api_key set expires_at = least(expires_at, ${at}::timestamptz) where id = ${id}`);
}

/** How many keys can administrate the server at `now`. */
export async function countAdminKeys(tx: ServerTx, now: Date): Promise<number> {
  const [row] = await tx.$queryRaw<{ keys: number }[]>`
    select count(*)::integer as keys from api_key k, viewer_of(k.organisation_id, k.realm_id) as v
    where k.role = 'admin' and k.revoked_at is null and v.ceiling is not null
      and (k.expires_at is null or k.expires_at > ${now}::timestamptz)`;
  return row?.keys ?? 0;
}

/** Keeps that a key was used at `now`, unless that is known of the last `forMs`. Waits for nobody. */
export async function noteKeyUse(
  db: Database,
  id: string,
  now: Date,
  forMs: number,
): Promise<void> {
  const before = new Date(now.getTime() - forMs);
  await db.server.$executeRaw`
    update api_key set last_used_at = ${now}::timestamptz where id in (
      select id from api_key
      where id = ${id} and (last_used_at is null or last_used_at <= ${before}::timestamptz)
      for update skip locked)`;
}
