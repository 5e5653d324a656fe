import { createHash } from 'node:crypto';
import type { LogPage, PartReading } from '../reading/batch.ts';
import { isPut, type LogRow } from '../sharing/log-row.ts';
import { referencedRanks, serveObject, type ServedForm } from '../sharing/served.ts';
import { TLP_2_DEFINITIONS } from '../stix/marking/tlp-reference.ts';
import { TLP_2_IDS, TLP_ORDER } from '../stix/marking/tlp.ts';
import type { LogPlace } from '../store/content/log.ts';

/** Reads a part of the log, in the form in which it is served. */
export interface PartReader extends PartReading {
  readonly form: ServedForm;
}

/** A part of the log with what it puts. */
export interface LogPart extends LogPage {
  /** The objects that its rows put, and after them the definitions of their levels, joined by commas. */
  readonly contents: Buffer;
  /** The contexts of its objects in the same order, joined by commas. */
  readonly contexts: Buffer;
  /** A hash of its rows: of their places, and of what may be another today than the day before. */
  readonly digest: string;
}

/**
 * What parts of the log hold, shared among the subscriptions of a process: many are at the same
 * place and see the same. The database says for each reader which rows it gets, at which level, and who
 * shared them as far as that reader may know; only where all of this is the same, what was made of the
 * rows for one reader serves another. The content of a row never changes.
 */
export interface SharedContents {
  /**
   * Reads on after a place. The end of the log is read together with all who read it at the same time.
   * Otherwise, if another reader is reading there already, this one waits for it
   * and uses what it read, provided that both see the same.
   */
  read(after: number, reader: PartReader): Promise<LogPart>;
  /** Forgets all of it: it may include something that was deleted. */
  forget(): void;
}

const BYTES_MAX = 32 * 1024 * 1024;

/** Keeps so much as was used last. */
export function createSharedContents(bytesMax = BYTES_MAX): SharedContents {
  let shelf = new Shelf(bytesMax);
  /** Of the contents that were read near the end of the log. */
  let memory = {};
  const underWay = new Map<number, Promise<undefined>>();
  return {
    read: async (after, reader) => {
      const end = await reader.end(memory);
      if (end !== undefined) return { ...end, ...partOf(end.rows, reader.form) };
      for (let other = underWay.get(after); other !== undefined; other = underWay.get(after)) {
        await other;
      }
      if (shelf.has(after)) {
        const page = await reader.places();
        const part = shelf.find(after, reader.form, page.rows);
        if (part !== undefined) return { ...page, ...part };
      }
      // Nothing that was read before a deletion is used after it.
      const kept = shelf;
      const reading = reader.whole();
      const ended = reading.then(
        () => undefined,
        () => undefined,
      );
      // Another reader that has read its own part meanwhile stays the one to wait for.
      if (!underWay.has(after)) underWay.set(after, ended);
      try {
        const page = await reading;
        return { ...page, ...kept.keep(after, reader.form, page.rows) };
      } finally {
        if (underWay.get(after) === ended) underWay.delete(after);
      }
    },
    forget: () => {
      shelf = new Shelf(bytesMax);
      memory = {};
    },
  };
}

/** What was made of rows: readers of the end of the log who get the same are given the same array. */
const made = new WeakMap<readonly LogRow[], Map<boolean, Part>>();

function partOf(rows: readonly LogRow[], form: ServedForm): Part {
  const parts = made.get(rows) ?? new Map<boolean, Part>();
  made.set(rows, parts);
  const part = parts.get(form.asPosted) ?? {
    ...toTexts(rows, form),
    rows,
    digest: digestOf(rows, form),
  };
  parts.set(form.asPosted, part);
  return part;
}

/** Rows and what they put. */
type Part = Pick<LogPart, 'rows' | 'contents' | 'contexts' | 'digest'>;

interface KeptPart extends Part {
  readonly after: number;
  readonly asPosted: boolean;
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

  find(after: number, { asPosted }: ServedForm, places: readonly LogPlace[]): Part | undefined {
    const here = this.#from.get(after) ?? [];
    const part = here.find((one) => one.asPosted === asPosted && areAlike(one.rows, places));
    if (part === undefined) return undefined;
    this.#kept.delete(part);
    this.#kept.add(part);
    return toPart(part);
  }

  keep(after: number, form: ServedForm, rows: readonly LogRow[]): Part {
    const texts = toTexts(rows, form);
    const part = {
      ...texts,
      after,
      asPosted: form.asPosted,
      // Their texts are in the contents already.
      rows: rows.map((row) => ({ ...row, content: null })),
      digest: digestOf(rows, form),
      bytes: texts.contents.length + texts.contexts.length + ROW_BYTES * (rows.length + 1),
    };
    // Two may have read it at once.
    const before = this.#from
      .get(after)
      ?.find((other) => other.asPosted === form.asPosted && areAlike(other.rows, rows));
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

function toPart({ rows, contents, contexts, digest }: KeptPart): Part {
  return { rows, contents, contexts, digest };
}

function toTexts(rows: readonly LogRow[], form: ServedForm): Pick<Part, 'contents' | 'contexts'> {
  const stored = rows.filter(isPut);
  const served = stored.map((one) => serveObject(one, form));
  // A definition that is among the objects is not added.
  const posted = new Set(stored.map(({ stixId }) => stixId));
  const ranks = form.asPosted ? [] : referencedRanks(stored);
  const definitions = ranks.flatMap((rank) => definitionUnless(posted, rank));
  const objects = served.map(({ object }) => object);
  return {
    contents: Buffer.from([...objects, ...definitions].join(',')),
    contexts: Buffer.from(served.map(({ context }) => context).join(',')),
  };
}

/** The definition of a level, unless it is among the objects. */
function definitionUnless(posted: ReadonlySet<string>, rank: number): string[] {
  const [id, definition] = [TLP_2_IDS[TLP_ORDER[rank] ?? 'red'], TLP_2_DEFINITIONS[rank]];
  return definition === undefined || posted.has(id) ? [] : [definition];
}

function digestOf(rows: readonly LogRow[], { asPosted }: ServedForm): string {
  const texts = rows.map(({ seq, tlp, sharers }) => [seq, tlp, ...sharers].join(' '));
  return createHash('sha256')
    .update(`${asPosted} ${texts.join('\n')}`)
    .digest('base64url');
}

function areAlike(rows: readonly LogPlace[], others: readonly LogPlace[]): boolean {
  return rows.length === others.length && rows.every((row, i) => isAlike(row, others[i]));
}

function isAlike(one: LogPlace, other: LogPlace | undefined): boolean {
  if (one.seq !== other?.seq || one.tlp !== other.tlp) return false;
  return one.sharers === other.sharers || one.sharers.join() === other.sharers.join();
}
