import type { TermGroup } from '../../search/terms.ts';
import type { LogRow } from '../../sharing/log-row.ts';
import type { Reader } from '../../sharing/viewer.ts';
import { appendServerAudit } from '../audit/record.ts';
import type { Database } from '../postgres/database.ts';
import { batched } from '../../concurrency/batch.ts';
import { queryAside } from '../postgres/large-values.ts';
import { asServer } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** Where the kept log begins (the place before its first row) and ends. */
export interface LogBounds {
  readonly floor: number;
  readonly head: number;
}

/** Where a row of the log is, and what may be another today than when it was last read. */
export type LogPlace = Pick<LogRow, 'seq' | 'tlp' | 'sharers'>;

/**
 * Which objects a reader wants. Empty means all. Withdrawals and revocations always come, and a version by
 * which an object ceases to match comes to readers who see the version before it.
 */
export interface LogFilter {
  readonly types?: readonly string[] | undefined;
  /** At least one of them. */
  readonly labels?: readonly string[] | undefined;
  readonly confidenceMin?: number | undefined;
  readonly confidenceMax?: number | undefined;
  /** STIX identities that created it. */
  readonly creators?: readonly string[] | undefined;
  /** What is asked of the content, besides. */
  readonly terms?: readonly TermGroup[] | undefined;
}

/** Moves up to `batchMax` committed inbox rows to the log: see sequence_inbox in prisma/definitions. */
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

/** The epoch of the log: cursors of an earlier one mean nothing any more. */
export async function findLogEpoch({ server }: Database): Promise<string> {
  const { id } = await server.logEpoch.findFirstOrThrow();
  return id;
}

/** Begins a new epoch, after the database was set back to an earlier state; the audit says who did. */
export async function beginLogEpoch(db: Database, actor: string): Promise<void> {
  await asServer(db, async (tx) => {
    await tx.$queryRaw`select begin_log_epoch()`;
    await appendServerAudit(tx, {
      organisationId: null,
      actor,
      action: 'log.begin_epoch',
      requestId: undefined,
      detail: {},
    });
  });
}

/** One statement for all who ask at once. */
export async function findLogBounds(db: Database): Promise<LogBounds> {
  return boundsTogether(db, undefined);
}

const BOUNDS_MAX = 10_000;

const boundsTogether = batched<Database, undefined, LogBounds>(
  async (db, asked) => {
    const [row] = await db.server.$queryRaw<LogBounds[]>`
      select floor::float8 as floor, head::float8 as head from log_bounds()`;
    return asked.map(() => row ?? { floor: 0, head: 0 });
  },
  { max: BOUNDS_MAX },
);

/** What one viewer wants of the log: at most `limit` rows in (after, upTo]. */
export interface LogReading {
  readonly reader: Reader;
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
  /** No row follows those whose contents come to so many bytes. Places are not cut by it. */
  readonly bytesMax: number;
  /** Up to this place, superseded versions are left out. */
  readonly currentTo: number;
  readonly filter: LogFilter;
}

/** So many read together at most: their rows arrive at once, and contents are large. */
const READINGS_MAX = 4;

/**
 * The rows of the log that the reader sees now and the filter lets through, in order. A put is
 * served only while its version and the sharer's current one are visible, since row security
 * applies to both tables; a withdrawal only while no current version of its object is. What the
 * organisation may see is taken in the snapshot of the read; `reader`'s ceiling may lower it.
 * See read_log in prisma/definitions. Leans on the primary keys of log and version, and on
 * version_current.
 */
export const readLog: (db: Database, reading: LogReading) => Promise<LogRow[]> = batched(
  readTogether,
  // An organisation waits for its own large pages, and for nobody else's.
  { max: READINGS_MAX, keyOf: ({ reader: { organisationId } }) => String(organisationId) },
);

async function readTogether(db: Database, readings: readonly LogReading[]): Promise<LogRow[][]> {
  const readers = readings.map((one, number) => ({
    number,
    ...toViewer(one),
    ...toPart(one),
    row_max: one.limit,
    bytes_max: one.bytesMax,
  }));
  const found = await queryAside<FoundRow>(
    JSON.stringify(readers),
    (token) => db.content.$queryRaw`
      select reader, seq, kind, stix_id, micros, content, tlp, references_at, sharer
      from read_log(${token}::json)`,
  );
  const rows = readings.map((): LogRow[] => []);
  const nameOf = namesOnce();
  for (const [reader, seq, kind, stixId, micros, content, tlp, referencesAt, sharer] of found) {
    const addedMicros = Number(micros);
    const sharers = nameOf(sharer);
    const row = {
      seq: Number(seq),
      kind,
      stixId,
      content,
      addedMicros,
      tlp,
      referencesAt,
      sharers,
    };
    rows[reader]?.push(row);
  }
  return rows;
}

const NOBODY: readonly string[] = [];

/** Lists of one name each: the same list for the same name, of which a page has few. */
export function namesOnce(): (slug: string | null) => readonly string[] {
  const lists = new Map<string, readonly string[]>();
  return (slug) => {
    if (slug === null) return NOBODY;
    const list = lists.get(slug) ?? [slug];
    lists.set(slug, list);
    return list;
  };
}

/** As pg reads it: what may be too large for a number comes as text. */
type FoundRow = readonly [
  reader: number,
  seq: string,
  kind: LogRow['kind'],
  stixId: string,
  micros: string,
  content: string | null,
  tlp: number | null,
  referencesAt: number | null,
  sharer: string | null,
];

/** Who reads, as the functions of the database take it. */
export function toViewer({ reader }: LogReading): object {
  return {
    organisation: reader.organisationId,
    realm: reader.realmId,
    ceiling: reader.rankMax,
    cleared: reader.cleared,
  };
}

/** What is read, as they take it. */
export function toPart({ after, upTo, currentTo, filter }: LogReading) {
  return {
    after,
    up_to: upTo,
    current_to: currentTo,
    filter: {
      types: filter.types,
      labels: filter.labels,
      confidence_min: filter.confidenceMin,
      creators: filter.creators,
      confidence_max: filter.confidenceMax,
      terms: filter.terms,
    },
  };
}
