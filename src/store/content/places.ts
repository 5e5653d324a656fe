import type { LogRow } from '../../sharing/log-row.ts';
import { batched } from '../../concurrency/batch.ts';
import type { Database } from '../postgres/database.ts';
import { queryAside } from '../postgres/large-values.ts';
import { RecentContents, type RowContent } from './recent-contents.ts';
import { namesOnce, toPart, toViewer, type LogPlace, type LogReading } from './log.ts';

// SQL, not the typed client: under row security and set-based, at the rate of deliveries.

/** So many readings are put together at most. */
const READINGS_MAX = 250;
/** Readings that begin at different places are put together where they read no more rows than this. */
const MERGED_ROWS_MAX = 500;
/** Contents that one statement reads: it ends with the row that comes to so many bytes. */
const CONTENT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The places of the very rows that readLog would return. Quicker for many who read the same part: see
 * read_places in prisma/definitions.
 */
export const readPlaces: (db: Database, reading: LogReading) => Promise<readonly LogPlace[]> =
  batched(async (db, readings) => (await findPlaces(db, readings, 0)).places, {
    max: READINGS_MAX,
  });

/** What one of many wants of the end of the log, with the contents that its process has read of it. */
export interface EndReading extends LogReading {
  readonly recent: RecentContents;
}

/**
 * The rows that readLog would return, whatever bytes they hold, for many who read the end of the log at the same
 * time: each viewer is entered once, and each content is read once, as one of those who see it. Readers who get
 * the same rows are given the same array. Undefined for one whose contents were too large to be read with the others'.
 */
export const readRowsTogether: (
  db: Database,
  reading: EndReading,
) => Promise<readonly LogRow[] | undefined> = batched(
  async (db, readings) => {
    const { places, contents } = await findPlaces(db, readings, CONTENT_BYTES_MAX);
    for (const recent of new Set(readings.map((reading) => reading.recent))) {
      for (const [seq, content] of contents) recent.add(seq, content);
    }
    const made = new Map<readonly LogPlace[], readonly LogRow[] | undefined>();
    return places.map((list, i) => {
      const contentOf = (seq: number) => contents.get(seq) ?? readings[i]?.recent.get(seq);
      if (!made.has(list)) made.set(list, withContents(list, contentOf));
      return made.get(list);
    });
  },
  { max: READINGS_MAX },
);

function withContents(
  places: readonly LogPlace[],
  contentOf: (seq: number) => RowContent | undefined,
): readonly LogRow[] | undefined {
  const rows: LogRow[] = [];
  for (const place of places) {
    const content = contentOf(place.seq);
    if (content === undefined) return undefined;
    rows.push({ ...content, ...place });
  }
  return rows;
}

interface Found {
  /** Of each reading. */
  readonly places: (readonly LogPlace[])[];
  /** Of all rows of all readings whose contents were read, by place. */
  readonly contents: ReadonlyMap<number, RowContent>;
}

async function findPlaces(
  db: Database,
  readings: readonly (LogReading & Partial<EndReading>)[],
  bytesMax: number,
): Promise<Found> {
  const { viewers, parts } = arrange(readings);
  const rows = await queryAside<FoundRow>(
    JSON.stringify([...parts.values()].map(toGiven)),
    (token) => db.content.$queryRaw`
      select part, readers, tlp, sharer, places, seq, kind, stix_id, micros, content, references_at
      from read_places(${JSON.stringify(viewers)}::json, ${token}::json, ${bytesMax}::integer)`,
  );
  const lists = listsOf(rows);
  const places = readings.map((): readonly LogPlace[] => []);
  for (const part of parts.values()) {
    const cut = cutter();
    for (const { index, viewer } of part.readings) {
      const reading = readings[index];
      const list = lists.get(`${part.given.number} ${viewer}`);
      if (reading !== undefined && list !== undefined) places[index] = cut(list, reading);
    }
  }
  return { places, contents: contentsOf(rows) };
}

function toGiven({ given, recent }: Part) {
  return { ...given, known: recent?.knownIn(given.after, given.up_to) ?? [] };
}

interface Part {
  given: ReturnType<typeof toPart> & { number: number; row_max: number; viewers: number[] };
  /** Which of the readings it serves, and for which of the viewers. */
  readonly readings: { readonly index: number; readonly viewer: number }[];
  readonly recent: RecentContents | undefined;
}

/** The viewers, each once, and the parts of the log that they read, each once. Viewers count from 1. */
function arrange(readings: readonly (LogReading & Partial<EndReading>)[]) {
  const viewers = new Map<string, { number: number; given: object }>();
  const parts = new Map<string, Part>();
  for (const [index, reading] of readings.entries()) {
    const given = toViewer(reading);
    const name = JSON.stringify(given);
    const viewer = viewers.get(name) ?? { number: viewers.size + 1, given };
    viewers.set(name, viewer);
    const { key, from } = placed(reading);
    const part = parts.get(key) ?? {
      given: { ...from, number: parts.size, viewers: [] },
      readings: [],
      recent: reading.recent,
    };
    parts.set(key, part);
    part.given.after = Math.min(part.given.after, from.after);
    if (!part.given.viewers.includes(viewer.number)) part.given.viewers.push(viewer.number);
    part.readings.push({ index, viewer: viewer.number });
  }
  return { viewers: [...viewers.values()].map(({ given }) => given), parts };
}

/** The part that a reading belongs to: near its end, wherever it begins and however many rows it wants. */
function placed(reading: LogReading) {
  const part = toPart(reading);
  const isNear = reading.upTo - reading.after <= MERGED_ROWS_MAX;
  const from = { ...part, row_max: isNear ? MERGED_ROWS_MAX : reading.limit };
  const key = JSON.stringify({ ...from, after: isNear ? 'near' : part.after });
  return { key, from };
}

/** Cuts lists to what a reading wants of them: the same array for all who want the same of the same list. */
function cutter() {
  const made = new Map<readonly LogPlace[], Map<string, readonly LogPlace[]>>();
  return (list: readonly LogPlace[], { after, limit }: LogReading): readonly LogPlace[] => {
    const first = list.findIndex(({ seq }) => seq > after);
    if (first === -1) return [];
    const cuts = made.get(list) ?? new Map<string, readonly LogPlace[]>();
    made.set(list, cuts);
    const key = `${first} ${limit}`;
    const places = cuts.get(key) ?? list.slice(first, first + limit);
    cuts.set(key, places);
    return places;
  };
}

/** As pg reads it: either places of one level, by one sharer, for some readers, or the content of a row. */
type FoundRow = readonly [
  part: number | null,
  /** Their numbers, separated by blanks. */
  readers: string | null,
  tlp: number | null,
  sharer: string | null,
  /** Separated by blanks, in order. */
  places: string | null,
  seq: string | null,
  kind: LogRow['kind'] | null,
  stixId: string | null,
  micros: string | null,
  content: string | null,
  referencesAt: number | null,
];

function contentsOf(rows: readonly FoundRow[]): Map<number, RowContent> {
  const contents = new Map<number, RowContent>();
  for (const [, , , , , seq, kind, stixId, micros, content, referencesAt] of rows) {
    if (seq === null || kind === null || stixId === null) continue;
    const addedMicros = Number(micros);
    contents.set(Number(seq), { kind, stixId, content, addedMicros, referencesAt });
  }
  return contents;
}

/** The places by part and viewer: viewers who see the same share one array. */
function listsOf(rows: readonly FoundRow[]): Map<string, readonly LogPlace[]> {
  const nameOf = namesOnce();
  const alike = new Map<string, { readers: string; part: number; places: LogPlace[][] }>();
  for (const [part, readers, tlp, sharer, text] of rows) {
    if (part === null || readers === null || text === null) continue;
    const key = `${part} ${readers}`;
    const group = alike.get(key) ?? { readers, part, places: [] };
    alike.set(key, group);
    const sharers = nameOf(sharer);
    group.places.push(text.split(' ').map((seq) => ({ seq: Number(seq), tlp, sharers })));
  }
  const lists = new Map<string, readonly LogPlace[]>();
  for (const { readers, part, places } of alike.values()) {
    const list = places.length === 1 ? (places[0] ?? []) : inOrder(places.flat());
    for (const reader of readers.split(' ')) lists.set(`${part} ${reader}`, list);
  }
  return lists;
}

function inOrder(places: readonly LogPlace[]): LogPlace[] {
  return places.toSorted((a, b) => a.seq - b.seq);
}
