import type { Database } from './database.ts';
import { Prisma } from './generated/client.ts';
import type { ServerTx } from './transaction.ts';

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
  /** The key that makes it; undefined for the operator. */
  readonly madeBy?: string | undefined;
}

export async function insertKey(tx: ServerTx, key: NewKeyRecord): Promise<void> {
  await tx.$executeRaw`
    insert into api_key (id, organisation_id, realm_id, role, label, secret_hash, expires_at,
      networks, first_id, made_by)
    values (${key.id}, ${key.organisationId}, ${key.realmId}::smallint, ${key.role}, ${key.label},
      ${key.secretHash}, ${key.expiresAt}::timestamptz, ${[...key.networks]}::text[],
      (select coalesce(first_id, id) from api_key where id = ${key.previousId ?? null}),
      ${key.madeBy ?? null})`;
}

/** Which keys: of one organisation or all, of one realm or all, of these roles. */
export interface KeyFilter {
  readonly organisationId?: number | undefined;
  readonly realmId?: number | undefined;
  readonly id?: string | undefined;
  readonly roles: readonly string[];
}

/** The keys, the newest first; those that ended long ago too. */
export async function listKeys(
  tx: Prisma.TransactionClient,
  { organisationId = -1, realmId = 0, id = '', roles }: KeyFilter,
): Promise<(KeyView & { readonly organisationId: number; readonly realmId: number })[]> {
  return tx.$queryRaw`
    select k.id, k.organisation_id as "organisationId", k.realm_id as "realmId",
      o.slug as organisation, r.slug as realm, k.role, k.label, k.networks, k.created_at as "createdAt", k.expires_at as "expiresAt",
      k.revoked_at as "revokedAt", k.last_used_at as "lastUsedAt"
    from api_key k join organisation o on o.id = k.organisation_id join realm r on r.id = k.realm_id
    where ${realmId}::smallint in (0, k.realm_id) and ${organisationId}::integer in (-1, k.organisation_id) and ${id} in ('', k.id)
      and k.role = any(${[...roles]})
    order by k.created_at desc, k.id`;
}

/** Ends a key at `at`, or earlier where it ends earlier; `at` of now revokes it. */
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
