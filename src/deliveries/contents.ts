import { createHash } from 'node:crypto';
import type { LogPage } from '../log/reader.ts';
import type { LogRow } from '../store/log.ts';

/** Reads a part of the log: the places of its rows, or the rows themselves. */
export interface PartReader {
  places(): Promise<LogPage<number>>;
  whole(): Promise<LogPage>;
}

/** A part of the log with what it puts. */
export interface LogPart extends LogPage {
  /** The contents of its rows, joined by commas. */
  readonly contents: Buffer;
  /** A hash of the places of its rows. */
  readonly digest: string;
}

/**
 * What parts of the log hold, shared among the subscriptions of a process: many are at the same
 * place and see the same. It is found only by who has just been told, by the database, that those
 * very rows are for him; what a row puts never changes.
 */
export interface SharedContents {
  /**
   * Reads on after a place. Where somebody reads there already, he is waited for; where what he
   * read is exactly what is at the places that this reader finds, it serves.
   */
  read(after: number, reader: PartReader): Promise<LogPart>;
  /** Forgets all of it: something was taken away that may be among it. */
  forget(): void;
}

const BYTES_MAX = 32 * 1024 * 1024;

/** Keeps so much as was used last. */
export function createSharedContents(bytesMax = BYTES_MAX): SharedContents {
  let shelf = new Shelf(bytesMax);
  const underWay = new Map<number, Promise<undefined>>();
  return {
    read: async (after, reader) => {
      for (let other = underWay.get(after); other !== undefined; other = underWay.get(after)) {
        await other;
      }
      if (shelf.has(after)) {
        const page = await reader.places();
        const part = shelf.find(after, page.rows);
        if (part !== undefined) return { ...page, ...part };
      }
      // What was read before something was taken away is not kept after it.
      const kept = shelf;
      const reading = reader.whole();
      const ended = reading.then(
        () => undefined,
        () => undefined,
      );
      // Whoever else has read a part of its own meanwhile stays the one to wait for.
      if (!underWay.has(after)) underWay.set(after, ended);
      try {
        const page = await reading;
        return { ...page, ...kept.keep(after, page.rows) };
      } finally {
        if (underWay.get(after) === ended) underWay.delete(after);
      }
    },
    forget: () => {
      shelf = new Shelf(bytesMax);
    },
  };
}

/** Rows and what they put: of a row, both are for ever the same. */
type Part = Pick<LogPart, 'rows' | 'contents' | 'digest'>;

interface KeptPart extends Part {
  readonly after: number;
  readonly bytes: number;
}

/** About what a part and each of its rows take beside the contents: a page may hold none. */
const ROW_BYTES = 256;

/** Parts by the places of their rows; the least used go when there are too many bytes. */
class Shelf {
  readonly #bytesMax: number;
  // A Set goes through its members in the order in which they were added: the oldest first.
  readonly #kept = new Set<KeptPart>();
  readonly #from = new Map<number, KeptPart[]>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether anything is kept of what comes after this place. */
  has(after: number): boolean {
    return this.#from.has(after);
  }

  find(after: number, places: readonly number[]): Part | undefined {
    const part = this.#from.get(after)?.find(({ rows }) => areAt(rows, places));
    if (part === undefined) return undefined;
    this.#kept.delete(part);
    this.#kept.add(part);
    return toPart(part);
  }

  keep(after: number, rows: readonly LogRow[]): Part {
    const places = rows.map(({ seq }) => seq);
    const contents = Buffer.from(rows.flatMap(({ content }) => content ?? []).join(','));
    const part = {
      after,
      // Their texts are in the contents already.
      rows: rows.map((row) => ({ ...row, content: null })),
      contents,
      digest: createHash('sha256').update(places.join(' ')).digest('base64url'),
      bytes: contents.length + ROW_BYTES * (rows.length + 1),
    };
    // Two may have read it at once.
    const before = this.#from.get(after)?.find((other) => areAt(other.rows, places));
    if (before !== undefined) this.#drop(before);
    this.#kept.add(part);
    this.#from.set(after, [...(this.#from.get(after) ?? []), part]);
    this.#bytes += part.bytes;
    for (const oldest of this.#kept) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest);
    }
    return toPart(part);
  }

  #drop(part: KeptPart): void {
    this.#kept.delete(part);
    this.#bytes -= part.bytes;
    const left = this.#from.get(part.after)?.filter((other) => other !== part) ?? [];
    if (left.length > 0) this.#from.set(part.after, left);
    else this.#from.delete(part.after);
  }
}

function toPart({ rows, contents, digest }: KeptPart): Part {
  return { rows, contents, digest };
}

function areAt(rows: readonly LogRow[], places: readonly number[]): boolean {
  return rows.length === places.length && rows.every(({ seq }, i) => seq === places[i]);
}
