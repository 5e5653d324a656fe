/** What proves the audit: leaves, whole nodes, checkpoints. Hashes alone, so for whom it may be. */
import type { Database } from './database.ts';

/** Makes the partitions that the audit needs from now on; see the migrations. */
export async function prepareAudit(db: Database): Promise<void> {
  await db.server.$executeRaw`select prepare_audit()`;
}

/**
 * Makes up to `batchMax` committed rows leaves of the tree: see chain_audit in the migrations.
 * Returns how many, and the size of the tree then.
 */
export async function chainAudit(
  db: Database,
  batchMax: number,
): Promise<{ chained: number; size: number }> {
  const [row] = await db.server.$queryRaw<{ chained: number; size: number }[]>`
    select chained, size::float8 as size from chain_audit(${batchMax}::integer)`;
  return row ?? { chained: 0, size: 0 };
}

export async function findAuditSize(db: Database): Promise<number> {
  const [row] = await db.server.$queryRaw<{ size: number }[]>`
    select coalesce(max(position) + 1, 0)::float8 as size from audit_leaf`;
  return row?.size ?? 0;
}

/** The hashes of these nodes (level 0: leaves), in this order; undefined where one is missing. */
export async function findNodes(
  db: Database,
  places: readonly { readonly level: number; readonly place: number }[],
): Promise<(Buffer | undefined)[]> {
  const rows = await db.server.$queryRaw<{ ordinal: number; hash: Uint8Array }[]>`
    with wanted as (
      select * from unnest(${places.map(({ level }) => level)}::smallint[],
        ${places.map(({ place }) => String(place))}::text[]::bigint[])
        with ordinality as w(level, place, ordinal)
    )
    select w.ordinal::integer as ordinal, n.hash
      from wanted w join audit_node n using (level, place)
    union all
    select w.ordinal::integer, l.hash
      from wanted w join audit_leaf l on l.position = w.place where w.level = 0`;
  const found = new Map(rows.map(({ ordinal, hash }) => [ordinal, Buffer.from(hash)]));
  return places.map((_, i) => found.get(i + 1));
}

/** The name of this audit: the origin of its checkpoints. */
export async function findOrigin(db: Database): Promise<string> {
  const [row] = await db.server.$queryRaw<{ origin: string }[]>`select origin from audit_origin`;
  if (row === undefined) throw new Error('The audit has lost its name');
  return row.origin;
}

export interface StoredCheckpoint {
  readonly size: number;
  /** The signed note. */
  readonly note: string;
}

/** The newest checkpoint, or undefined before the first. */
export async function findCheckpoint(db: Database): Promise<StoredCheckpoint | undefined> {
  const [row] = await db.server.$queryRaw<StoredCheckpoint[]>`
    select size::float8 as size, note from audit_checkpoint order by size desc limit 1`;
  return row;
}

/** Those of more than `after` leaves, by size. */
export async function listCheckpoints(
  db: Database,
  after: number,
  limit: number,
): Promise<StoredCheckpoint[]> {
  return db.server.$queryRaw<StoredCheckpoint[]>`
    select size::float8 as size, note from audit_checkpoint
    where size > ${after}::bigint order by size limit ${limit}::integer`;
}

/** Keeps a checkpoint; the first of a size stays. */
export async function insertCheckpoint(
  db: Database,
  { size, note }: StoredCheckpoint,
): Promise<void> {
  await db.server.$executeRaw`
    insert into audit_checkpoint (size, note) values (${size}::bigint, ${note})
    on conflict do nothing`;
}
