import { Problem } from '../errors.ts';
import type { LogRow } from '../sharing/log-row.ts';
import { readerOf, type Reader, type Viewer } from '../sharing/viewer.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  findLogBounds,
  readLog,
  type LogFilter,
  type LogPlace,
  type LogReading,
} from '../store/content/log.ts';
import { readPlaces, readRowsTogether } from '../store/content/places.ts';
import { RecentContents } from '../store/content/recent-contents.ts';

/** A part of the log as a viewer sees it; of what is only asked for its places, these. */
export interface LogPage<Row = LogRow> {
  readonly rows: readonly Row[];
  /** How far this page has read: the next one begins after it. */
  readonly next: number;
  /** Whether the log had rows after `next` when it was read. */
  readonly more: boolean;
}

export interface ReadRequest {
  /** The place after which to read. */
  readonly after: number;
  readonly limit: number;
  /** What its rows hold, in bytes: a page ends with the row that comes to it. PAGE_BYTES where left out. */
  readonly bytesMax?: number;
  /**
   * Up to this place in the log, superseded versions are left out. None is lost: the replacement of
   * a version follows it in the log. With a filter, so are the ends of what matched: the reader must have
   * nothing of which a version up to this place is the end.
   */
  readonly currentTo?: number;
  readonly filter?: LogFilter;
}

export interface PageRequest extends Omit<ReadRequest, 'currentTo'> {
  /** Whether superseded versions are left out. */
  readonly current?: boolean;
}

/** What the rows of a page hold unless a reader wants less; one object may go beyond it. */
export const PAGE_BYTES = 8 * 1024 * 1024;

/**
 * Rows of the log looked through by one statement, and by one page in all. A page begins with as
 * many as it wants, and looks further each time it did not find them.
 */
const WINDOW_MAX = 20_000;
const WINDOW_GROWTH = 4;
const SCAN_MAX = 1_000_000;

/**
 * Reads on from a place as `viewer`. A page may be empty and still have more: most of what it
 * looked through was not for this reader.
 * Throws Problem cursor_expired when the log is no longer kept that far back.
 */
export async function readPage(
  db: Database,
  viewer: Viewer,
  { current, ...request }: PageRequest,
): Promise<LogPage> {
  const { floor, head } = await findLogBounds(db);
  // A cursor beyond the end was given out before the database was set back to an older state.
  if ((request.after < floor && request.after > 0) || request.after > head) {
    throw new Problem(
      'cursor_expired',
      'Start again without a cursor. You will receive all current objects',
    );
  }
  const after = Math.max(request.after, floor);
  const currentTo = current ? head : 0;
  return readRange(db, readerOf(viewer), { ...request, after, currentTo }, head);
}

/** The same up to a place that the log is known to have reached. */
export async function readRange(
  db: Database,
  reader: Reader,
  request: ReadRequest,
  head: number,
): Promise<LogPage> {
  return scan(
    (part) => readLog(db, { reader, ...part }),
    { placeOf: ({ seq }) => seq, bytesOf: ({ content }) => Buffer.byteLength(content ?? '') },
    request,
    head,
  );
}

/** Which rows that would give, by their places alone, whatever bytes they hold. */
export async function placesInRange(
  db: Database,
  reader: Reader,
  request: ReadRequest,
  head: number,
): Promise<LogPage<LogPlace>> {
  return scan(
    (part) => readPlaces(db, { reader, ...part }),
    { placeOf: ({ seq }) => seq, bytesOf: () => 0 },
    request,
    head,
  );
}

/** What is left of the log is read together with what others read of its end if it is no more than this. */
const END_ROWS_MAX = 500;

const memories = new WeakMap<object, RecentContents>();

function recentIn(memory: object): RecentContents {
  const recent = memories.get(memory) ?? new RecentContents();
  memories.set(memory, recent);
  return recent;
}

/**
 * The same as readRange for one of many who read the end of the log at once; undefined where there is more to read
 * than is read together, or where its contents are too large for that. What was read with the same `memory` is not
 * read again, for as long as that object lives; it gives nothing by itself. Readers who get the same rows are given the same array of rows.
 */
export async function readEnd(
  db: Database,
  reader: Reader,
  { after, limit, bytesMax = PAGE_BYTES, currentTo = 0, filter = {} }: ReadRequest,
  head: number,
  memory: object = {},
): Promise<LogPage | undefined> {
  if (head - after > END_ROWS_MAX) return undefined;
  const recent = recentIn(memory);
  const reading = { reader, after, upTo: head, limit, bytesMax, currentTo, filter, recent };
  const found = await readRowsTogether(db, reading);
  if (found === undefined) return undefined;
  const count = countWithin(found, bytesMax);
  const rows = count === found.length ? found : found.slice(0, count);
  const isFull = count < found.length || count === limit;
  const next = isFull ? (rows.at(-1)?.seq ?? after) : head;
  return { rows, next, more: next < head };
}

/** How many of the rows fit on a page: it ends with the row that comes to `bytesMax`. */
function countWithin(rows: readonly LogRow[], bytesMax: number): number {
  let room = bytesMax;
  const end = rows.findIndex(({ content }) => {
    room -= Buffer.byteLength(content ?? '');
    return room <= 0;
  });
  return end === -1 ? rows.length : end + 1;
}

async function scan<Row>(
  read: (part: Omit<LogReading, 'reader'>) => Promise<readonly Row[]>,
  { placeOf, bytesOf }: { placeOf: (row: Row) => number; bytesOf: (row: Row) => number },
  { after: start, limit, bytesMax = PAGE_BYTES, currentTo = 0, filter = {} }: ReadRequest,
  head: number,
): Promise<LogPage<Row>> {
  const rows: Row[] = [];
  let after = start;
  let window = limit;
  let room = bytesMax;
  const scanEnd = Math.min(head, after + SCAN_MAX);
  while (after < scanEnd && rows.length < limit && room > 0) {
    const upTo = Math.min(scanEnd, after + window);
    const wanted = limit - rows.length;
    const found = await read({ after, upTo, limit: wanted, bytesMax: room, currentTo, filter });
    rows.push(...found);
    room -= found.reduce((sum, row) => sum + bytesOf(row), 0);
    const last = found.at(-1);
    const isFull = found.length === wanted || room <= 0;
    after = isFull && last !== undefined ? placeOf(last) : upTo;
    window = Math.max(limit, Math.min(WINDOW_MAX, window * WINDOW_GROWTH));
  }
  return { rows, next: after, more: after < head };
}
