import type { LogRow } from '../store/log.ts';

/**
 * What parts of the log hold, shared among the subscriptions of a process: many are at the same
 * place and see the same. It is found only by who has just been told, by the database, that those
 * very rows are for him; what a row puts never changes.
 */
export interface SharedContents {
  /**
   * Whether anything is kept of what comes after this place; whoever reads there now is waited
   * for, since what he reads may serve.
   */
  hasAfter(place: number): Promise<boolean>;
  /** Tells that somebody reads after this place; resolves or rejects as `reading` does. */
  while<T>(place: number, reading: Promise<T>): Promise<T>;
  /** The contents of exactly these rows, joined by commas, if they are kept. */
  find(place: number, rows: readonly LogRow[]): Buffer | undefined;
  /** Joins and keeps the contents of rows that were read whole. */
  keep(place: number, rows: readonly LogRow[]): Buffer;
}

const BYTES_MAX = 32 * 1024 * 1024;

/** Keeps so much as was used last. */
export function createSharedContents(bytesMax = BYTES_MAX): SharedContents {
  // A Map goes through its entries in the order in which they were set: the oldest first.
  const kept = new Map<string, { readonly place: number; readonly contents: Buffer }>();
  const places = new Map<number, number>();
  const underWay = new Map<number, Promise<undefined>>();
  let bytes = 0;

  const drop = (key: string): void => {
    const entry = kept.get(key);
    if (entry === undefined) return;
    kept.delete(key);
    bytes -= entry.contents.length;
    const left = (places.get(entry.place) ?? 1) - 1;
    if (left > 0) places.set(entry.place, left);
    else places.delete(entry.place);
  };
  return {
    hasAfter: async (place) => {
      await underWay.get(place);
      return places.has(place);
    },
    while: async (place, reading) => {
      const ended = reading.then(
        () => undefined,
        () => undefined,
      );
      underWay.set(place, ended);
      try {
        return await reading;
      } finally {
        if (underWay.get(place) === ended) underWay.delete(place);
      }
    },
    find: (place, rows) => {
      const key = keyOf(place, rows);
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      kept.delete(key);
      kept.set(key, entry);
      return entry.contents;
    },
    keep: (place, rows) => {
      const contents = Buffer.from(rows.flatMap(({ content }) => content ?? []).join(','));
      const key = keyOf(place, rows);
      drop(key);
      kept.set(key, { place, contents });
      places.set(place, (places.get(place) ?? 0) + 1);
      bytes += contents.length;
      for (const oldest of kept.keys()) {
        if (bytes <= bytesMax) break;
        drop(oldest);
      }
      return contents;
    },
  };
}

function keyOf(place: number, rows: readonly LogRow[]): string {
  return `${place} ${rows.map(({ seq }) => seq).join(' ')}`;
}
