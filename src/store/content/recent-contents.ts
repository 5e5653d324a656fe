import type { LogRow } from '../../sharing/log-row.ts';

/** What a row of the log holds for every reader: it never changes. */
export type RowContent = Omit<LogRow, 'seq' | 'tlp' | 'sharers'>;

const BYTES_MAX = 8 * 1024 * 1024;
/** About what a row takes beside its content. */
const ROW_BYTES = 256;

/**
 * The contents that were read last near the end of the log. Those who read the end of the log come one after another,
 * and the database says for each of them which rows it sees; the contents need not be read again.
 */
export class RecentContents {
  readonly #bytesMax: number;
  // A Map goes through its members in the order in which they were added: the oldest first.
  readonly #contents = new Map<number, RowContent>();
  #bytes = 0;

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get(seq: number): RowContent | undefined {
    return this.#contents.get(seq);
  }

  /** Those of (after, upTo] that are known. */
  knownIn(after: number, upTo: number): number[] {
    const known: number[] = [];
    for (let seq = after + 1; seq <= upTo; seq++) if (this.#contents.has(seq)) known.push(seq);
    return known;
  }

  add(seq: number, content: RowContent): void {
    if (this.#contents.has(seq)) return;
    this.#contents.set(seq, content);
    this.#bytes += bytesOf(content);
    for (const [oldest, old] of this.#contents) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#contents.delete(oldest);
      this.#bytes -= bytesOf(old);
    }
  }
}

function bytesOf({ content }: RowContent): number {
  return ROW_BYTES + (content?.length ?? 0);
}
