import type { LogPage } from '../log/reader.ts';
import type { LogRow } from '../store/log.ts';

/** Reads a part of the log: the places of its rows, or the rows themselves. */
export interface PartReader {
  places(): Promise<LogPage<number>>;
  whole(): Promise<LogPage>;
}

/** A part of the log with what it puts: the contents of its rows joined by commas. */
export interface LogPart extends LogPage {
  readonly contents: Buffer;
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
type Part = Pick<LogPart, 'rows' | 'contents'>;

/** Parts by the places of their rows; the least used go when there are too many bytes. */
class Shelf {
  readonly #bytesMax: number;
  // A Map goes through its entries in the order in which they were set: the oldest first.
  readonly #kept = new Map<string, Part & { readonly after: number }>();
  readonly #starts = new Map<number, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether anything is kept of what comes after this place. */
  has(after: number): boolean {
    return this.#starts.has(after);
  }

  find(after: number, places: readonly number[]): Part | undefined {
    const key = keyOf(after, places);
    const part = this.#kept.get(key);
    if (part === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, part);
    return { rows: part.rows, contents: part.contents };
  }

  keep(after: number, rows: readonly LogRow[]): Part {
    const contents = Buffer.from(rows.flatMap(({ content }) => content ?? []).join(','));
    const key = keyOf(
      after,
      rows.map(({ seq }) => seq),
    );
    this.#drop(key);
    // Their texts are in the contents already.
    const light = rows.map((row) => ({ ...row, content: null }));
    this.#kept.set(key, { after, rows: light, contents });
    this.#starts.set(after, (this.#starts.get(after) ?? 0) + 1);
    this.#bytes += contents.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest);
    }
    return { rows: light, contents };
  }

  #drop(key: string): void {
    const part = this.#kept.get(key);
    if (part === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= part.contents.length;
    const left = (this.#starts.get(part.after) ?? 1) - 1;
    if (left > 0) this.#starts.set(part.after, left);
    else this.#starts.delete(part.after);
  }
}

function keyOf(after: number, places: readonly number[]): string {
  return `${after} ${places.join(' ')}`;
}
