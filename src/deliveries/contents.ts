import type { LogRow } from '../store/log.ts';

/** Reads a part of the log: which rows there are, or also what they hold. */
export interface PartReader<Page extends { readonly rows: readonly LogRow[] }> {
  bare(): Promise<Page>;
  whole(): Promise<Page>;
}

/**
 * What parts of the log hold, shared among the subscriptions of a process: many are at the same
 * place and see the same. It is found only by who has just been told, by the database, that those
 * very rows are for him; what a row puts never changes.
 */
export interface SharedContents {
  /**
   * Reads on after a place, with the contents of its rows joined by commas. Where somebody reads
   * there already, he is waited for; where what he read is exactly what `bare` finds, it serves.
   */
  read<Page extends { readonly rows: readonly LogRow[] }>(
    place: number,
    reader: PartReader<Page>,
  ): Promise<Page & { readonly contents: Buffer }>;
}

const BYTES_MAX = 32 * 1024 * 1024;

/** Keeps so much as was used last. */
export function createSharedContents(bytesMax = BYTES_MAX): SharedContents {
  const shelf = new Shelf(bytesMax);
  const underWay = new Map<number, Promise<undefined>>();
  return {
    read: async (place, reader) => {
      for (let other = underWay.get(place); other !== undefined; other = underWay.get(place)) {
        await other;
      }
      if (shelf.has(place)) {
        const page = await reader.bare();
        const contents = shelf.find(place, page.rows);
        if (contents !== undefined) return { ...page, contents };
      }
      const reading = reader.whole();
      const ended = reading.then(
        () => undefined,
        () => undefined,
      );
      // Whoever else has read a part of its own meanwhile stays the one to wait for.
      if (!underWay.has(place)) underWay.set(place, ended);
      try {
        const page = await reading;
        return { ...page, contents: shelf.keep(place, page.rows) };
      } finally {
        if (underWay.get(place) === ended) underWay.delete(place);
      }
    },
  };
}

/** Contents by the rows that they are of; the least used go when there are too many bytes. */
class Shelf {
  readonly #bytesMax: number;
  // A Map goes through its entries in the order in which they were set: the oldest first.
  readonly #kept = new Map<string, { readonly place: number; readonly contents: Buffer }>();
  readonly #places = new Map<number, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether anything is kept of what comes after this place. */
  has(place: number): boolean {
    return this.#places.has(place);
  }

  find(place: number, rows: readonly LogRow[]): Buffer | undefined {
    const key = keyOf(place, rows);
    const entry = this.#kept.get(key);
    if (entry === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, entry);
    return entry.contents;
  }

  keep(place: number, rows: readonly LogRow[]): Buffer {
    const contents = Buffer.from(rows.flatMap(({ content }) => content ?? []).join(','));
    const key = keyOf(place, rows);
    this.#drop(key);
    this.#kept.set(key, { place, contents });
    this.#places.set(place, (this.#places.get(place) ?? 0) + 1);
    this.#bytes += contents.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest);
    }
    return contents;
  }

  #drop(key: string): void {
    const entry = this.#kept.get(key);
    if (entry === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= entry.contents.length;
    const left = (this.#places.get(entry.place) ?? 1) - 1;
    if (left > 0) this.#places.set(entry.place, left);
    else this.#places.delete(entry.place);
  }
}

function keyOf(place: number, rows: readonly LogRow[]): string {
  return `${place} ${rows.map(({ seq }) => seq).join(' ')}`;
}
