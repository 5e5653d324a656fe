/** The audit as members read it: what has become a leaf, in the order of the leaves. */
import type { Database } from '../postgres/database.ts';
import type { Tx } from '../postgres/transaction.ts';
import { Prisma } from '../generated/client.ts';

// SQL, not the typed client: under row security, and in the order of the tree.

export interface AuditEntryRecord {
  readonly position: number;
  readonly at: Date;
  readonly organisationId: number | null;
  /** Null for an act that belongs to no realm. */
  readonly realmId: number | null;
  readonly actor: string;
  readonly action: string;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly addressSalt: string;
  readonly detail: Prisma.JsonObject;
  /** The exact text whose hash is the leaf. */
  readonly entry: string;
}

export interface AuditPage {
  /** The position from which to read on. */
  readonly from: number;
  readonly limit: number;
}

const entriesFrom = ({ from, limit }: AuditPage) => Prisma.sql`
  select l.position::float8 as position, a.at, a.organisation_id as "organisationId", a.realm_id as "realmId",
    a.actor, a.action, a.request_id as "requestId", host(a.address) as address,
    a.address_salt as "addressSalt", a.detail, audit_entry(a) as entry
  from audit_leaf l join audit a on a.id = l.audit_id
  where l.position >= ${from}::bigint
  order by l.position limit ${limit}::integer`;

/** What is about the viewer's own organisation: row security sees to it. */
export function listOwnEntries(tx: Tx, page: AuditPage): Promise<AuditEntryRecord[]> {
  return tx.$queryRaw<AuditEntryRecord[]>(entriesFrom(page));
}

/** Everything: for administrators of the whole server. */
export function listAllEntries(db: Database, page: AuditPage): Promise<AuditEntryRecord[]> {
  return db.server.$queryRaw<AuditEntryRecord[]>(entriesFrom(page));
}

/** The hash of a leaf about the viewer's own organisation, its row kept or not. */
export async function findOwnLeaf(tx: Tx, position: number): Promise<Buffer | undefined> {
  const [row] = await tx.$queryRaw<{ hash: Uint8Array }[]>`
    select hash from audit_leaf where position = ${position}::bigint`;
  return row && Buffer.from(row.hash);
}

/** A leaf as its organisation may see it, its row stored or not. */
export interface OwnLeaf {
  readonly position: number;
  readonly id: string;
  /** YYYY-MM */
  readonly month: string;
  readonly entryHash: Uint8Array;
}

/** The leaves about the viewer's own organisation, in the tree of `size` leaves. */
export function listOwnLeaves(
  tx: Tx,
  { from, limit, size }: AuditPage & { readonly size: number },
): Promise<OwnLeaf[]> {
  return tx.$queryRaw<OwnLeaf[]>`
    select position::float8 as position, audit_id::text as id, to_char(month, 'YYYY-MM') as month,
      entry_hash as "entryHash"
    from audit_leaf
    where organisation_id = (select current_setting('tocsin.organisation')::integer)
      and position >= ${from}::bigint and position < ${size}::bigint
    order by position limit ${limit}::integer`;
}

/** Which of these actors are keys or users of an organisation. */
export async function findOwnActors(
  db: Database,
  organisationId: number,
  actors: readonly string[],
): Promise<Set<string>> {
  const rows = await db.server.$queryRaw<{ actor: string }[]>`
    with given as (select unnest(${[...actors]}::text[]) as actor)
    select g.actor from given g join api_key k on k.id = substr(g.actor, 5)
    where g.actor like 'key %' and k.organisation_id = ${organisationId}::integer
    union
    select g.actor from given g join user_account u
      on u.id = case when g.actor ~ '^user [0-9a-f-]{36}$' then substr(g.actor, 6)::uuid end
    where u.organisation_id = ${organisationId}::integer`;
  return new Set(rows.map(({ actor }) => actor));
}

/** The slugs of these organisations, by id. */
export async function findSlugs(
  db: Database,
  organisationIds: readonly number[],
): Promise<Map<number, string>> {
  const rows = await db.server.$queryRaw<{ id: number; slug: string }[]>`
    select id, slug from organisation where id = any(${[...organisationIds]}::integer[])`;
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}

/** The slugs of all realms, by id. */
export async function findRealmSlugs(db: Database): Promise<Map<number, string>> {
  const rows = await db.server.$queryRaw<{ id: number; slug: string }[]>`
    select id, slug from realm`;
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}
