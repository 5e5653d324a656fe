/** What proves the audit: leaves, whole nodes, checkpoints. Hashes alone, so for whom it may be. */
import { all } from '../postgres/conditions.ts';
import type { Database } from '../postgres/database.ts';
import { Prisma } from '../generated/client.ts';

// SQL, not the typed client: set-based functions of the database, in the order of the tree.

/** Makes the partitions that the audit needs from now on; see the migrations. */
export async function prepareAudit(db: Database): Promise<void> {
  await db.server.$executeRaw`select prepare_audit()`;
}

/**
 * Makes up to `batchMax` committed rows leaves of the tree: see chain_audit in prisma/definitions.
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
  if (row === undefined) throw new Error('The audit has no name');
  return row.origin;
}

export interface StoredCheckpoint {
  readonly size: number;
  /** The signed note. */
  readonly note: string;
}

/** A checkpoint with what the database has beside its note. */
export interface CheckpointRow extends StoredCheckpoint {
  readonly previous: number;
  /** UTC, to the microsecond, as in the note. */
  readonly signedAt: string;
  readonly salt: Uint8Array;
}

const CHECKPOINT = Prisma.sql`size::float8 as size, previous::float8 as previous, note,
  to_char(signed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "signedAt", salt`;

/** The newest checkpoint or that of a size, or undefined before the first. */
export async function findCheckpoint(
  db: Database,
  size?: number,
): Promise<CheckpointRow | undefined> {
  const [row] = await db.server.$queryRaw<CheckpointRow[]>`
    select ${CHECKPOINT} from audit_checkpoint
    where ${all(size === undefined ? undefined : Prisma.sql`size = ${size}::bigint`)}
    order by size desc limit 1`;
  return row;
}

/** The notes of checkpoints that name an earlier key, the newest first. */
export async function listKeyChanges(db: Database): Promise<string[]> {
  const rows = await db.server.$queryRaw<{ note: string }[]>`
    select note from audit_checkpoint where note like ${'%\nearlier %'} order by size desc`;
  return rows.map(({ note }) => note);
}

/** The time of the database, which is that of the entries, as checkpoints say it. */
export async function findAuditTime(db: Database): Promise<string> {
  const [row] = await db.server.$queryRaw<{ now: string }[]>`
    select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`;
  return row?.now ?? '';
}

/** Stores a checkpoint, unless another one followed the same before it. */
export async function insertCheckpoint(db: Database, row: CheckpointRow): Promise<void> {
  await db.server.$executeRaw`
    insert into audit_checkpoint (size, previous, note, signed_at, salt)
    values (${row.size}::bigint, ${row.previous}::bigint, ${row.note},
      ${row.signedAt}::text::timestamptz, ${row.salt})
    on conflict do nothing`;
}

/** A part of the audit under the tree of some size. */
export interface PartRow {
  readonly organisationId: number;
  readonly count: number;
  readonly head: Uint8Array;
}

/** The parts of all organisations in the tree of `size` leaves. */
export async function listParts(db: Database, size: number): Promise<PartRow[]> {
  // From one organisation to the next by the index, not through all leaves.
  return db.server.$queryRaw<PartRow[]>`
    with recursive named as (
      (select organisation_id from audit_leaf order by organisation_id limit 1)
      union all
      select (select l.organisation_id from audit_leaf l
              where l.organisation_id > named.organisation_id
              order by l.organisation_id limit 1)
      from named where named.organisation_id is not null
    )
    select named.organisation_id as "organisationId", last.part_count::float8 as count,
      last.part_head as head
    from named cross join lateral (
      select l.part_count, l.part_head from audit_leaf l
      where l.organisation_id = named.organisation_id and l.position < ${size}::bigint
      order by l.position desc limit 1
    ) as last`;
}
