import type { Database } from './database.ts';
import type { Tx } from './transaction.ts';

/** Where the kept log begins (the place before its first row) and ends. */
export interface LogBounds {
  readonly floor: number;
  readonly head: number;
}

export interface LogRow {
  readonly seq: number;
  readonly kind: 'put' | 'withdraw';
  readonly stixId: string;
  /** The object's JSON; null for a withdrawal. */
  readonly content: string | null;
  /** When it came into the log, to the microsecond; no two rows have the same. */
  readonly dateAdded: string;
}

/** Which objects a reader wants; withdrawals always come. Empty means all. */
export interface LogFilter {
  readonly types?: readonly string[] | undefined;
  /** At least one of them. */
  readonly labels?: readonly string[] | undefined;
  readonly confidenceMin?: number | undefined;
  /** Organisations that shared it, or STIX identities that created it. */
  readonly producerIds?: readonly number[] | undefined;
  readonly creators?: readonly string[] | undefined;
}

/** Moves up to `batchMax` committed inbox rows to the log: see sequence_inbox in the migrations. */
export async function sequenceInbox(
  db: Database,
  batchMax: number,
): Promise<{ moved: number; head: number }> {
  const [row] = await db.server.$queryRaw<{ moved: number; head: number }[]>`
    select moved, head::float8 as head from sequence_inbox(${batchMax}::integer)`;
  return row ?? { moved: 0, head: 0 };
}

/** How long the oldest committed row has waited for the sequencer, in seconds. */
export async function findSequencerLag(db: Database): Promise<number> {
  const [row] = await db.server.$queryRaw<{ seconds: number }[]>`select inbox_lag() as seconds`;
  return row?.seconds ?? 0;
}

export async function findLogBounds(db: Database): Promise<LogBounds> {
  const [row] = await db.server.$queryRaw<LogBounds[]>`
    select floor::float8 as floor, head::float8 as head from log_bounds()`;
  return row ?? { floor: 0, head: 0 };
}

/**
 * The rows of the log in (after, upTo] that the viewer sees now and the filter lets through, in
 * order, at most `limit`. A put is served only while its version is visible, since row security
 * applies to both tables, and the sharer's current version of the object too: memberships change,
 * and who joins what an older version went to has not seen it replaced. A withdrawal is served
 * only while no current version of its object is visible.
 * Leans on the primary keys of log and version, and on version_current.
 */
export async function readLog(
  tx: Tx,
  range: { readonly after: number; readonly upTo: number; readonly limit: number },
  filter: LogFilter,
): Promise<LogRow[]> {
  const types = filter.types ?? null;
  const labels = filter.labels ?? null;
  const producers = filter.producerIds ?? null;
  const creators = filter.creators ?? null;
  return tx.$queryRaw<LogRow[]>`
    select l.seq::float8 as seq, l.kind, coalesce(v.stix_id, l.stix_id) as "stixId", v.content,
      to_char(l.date_added at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "dateAdded"
    from log l left join version v on v.id = l.version_id
    where l.seq > ${range.after}::bigint and l.seq <= ${range.upTo}::bigint
      and case l.kind
        when 'put' then v.id is not null
          and (not v.superseded or exists (
            select from version c where c.realm_id = v.realm_id and c.stix_id = v.stix_id
              and c.organisation_id = v.organisation_id and not c.superseded))
          and (${types}::text[] is null or v.type = any(${types}::text[]))
          and (${labels}::text[] is null or v.labels && ${labels}::text[])
          and (${filter.confidenceMin ?? null}::smallint is null
            or v.confidence >= ${filter.confidenceMin ?? null}::smallint)
          and (${producers}::integer[] is null and ${creators}::text[] is null
            or v.organisation_id = any(${producers}::integer[])
            or v.created_by_ref = any(${creators}::text[]))
        else not exists (
          select from version w where w.realm_id = l.realm_id and w.stix_id = l.stix_id
            and not w.superseded)
        end
    order by l.seq limit ${range.limit}::integer`;
}
