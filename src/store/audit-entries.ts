/** The audit as members read it: what has become a leaf, in the order of the leaves. */
import type { Database } from './database.ts';
import type { Tx } from './transaction.ts';
import { Prisma } from './generated/client.ts';

export interface AuditEntryRecord {
  readonly position: number;
  readonly at: Date;
  readonly organisationId: number | null;
  readonly actor: string;
  readonly action: string;
  readonly requestId: string | null;
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
  select l.position::float8 as position, a.at, a.organisation_id as "organisationId", a.actor,
    a.action, a.request_id as "requestId", a.detail, audit_entry(a) as entry
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

/** The slugs of these organisations, by id. */
export async function findSlugs(
  db: Database,
  organisationIds: readonly number[],
): Promise<Map<number, string>> {
  const rows = await db.server.$queryRaw<{ id: number; slug: string }[]>`
    select id, slug from organisation where id = any(${[...organisationIds]}::integer[])`;
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}
