/** Reads a list of values, whatever its form, as the indicators that it makes. */
import type { Finding } from '../../stix/check/finding.ts';
import { tlpRank } from '../../stix/marking/tlp.ts';
import type { Column, ColumnChoice } from './columns.ts';
import type { ValueContext } from './context.ts';
import { readCsv } from './csv.ts';
import { readEntry, type GivenValue, type ListEntry, type ListTerms } from './entry.ts';
import { PlainReader } from './plain.ts';
import { TableReader, unreadColumns } from './table.ts';
import { textLines, utf8Of } from './utf8.ts';

export type ListForm = 'csv' | 'text';

/** An entry, and how much it takes. */
export interface SizedEntry {
  readonly entry: ListEntry;
  readonly characters: number;
}

/** What was found out about the columns of a list while it was read. */
export interface ListColumns {
  readonly columns?: readonly Column[];
  readonly warnings: readonly Finding[];
}

/** Reads one list; its columns are known afterwards. */
export class ListReader {
  readonly #terms: ListTerms;
  readonly #table: TableReader;
  #isTable = false;

  constructor(terms: ListTerms, choice: ColumnChoice) {
    this.#terms = terms;
    this.#table = new TableReader(choice);
  }

  /**
   * The values of a list in bytes, in order; memory holds one row. Throws Problem not_utf8, invalid_csv or
   * columns_unknown.
   */
  entries(form: ListForm, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<SizedEntry> {
    this.#isTable = form === 'csv';
    return form === 'csv' ? this.#ofTable(bytes) : this.#ofLines(bytes);
  }

  /** What was said of the columns of a table. */
  columns(): ListColumns {
    if (!this.#isTable) return { warnings: [] };
    return { columns: this.#table.columns, warnings: unreadColumns(this.#table) };
  }

  async *#ofTable(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<SizedEntry> {
    for await (const row of readCsv(utf8Of(bytes))) {
      const values = this.#table.valuesOf(row);
      for (const given of values) {
        const entry = readEntry(given, this.#terms);
        yield { entry, characters: Math.ceil(row.characters / values.length) };
      }
    }
  }

  async *#ofLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<SizedEntry> {
    const plain = new PlainReader();
    for await (const { line, text, characters } of textLines(utf8Of(bytes))) {
      const value = plain.valueOf(text);
      if (value === undefined) continue;
      const terms = { ...this.#terms, common: atLeast(this.#terms.common, plain.level) };
      yield { entry: readEntry({ line, text: value }, terms), characters };
    }
  }
}

/** The values of JSON: texts, or objects with what is said about each. */
export function readJsonEntry(given: unknown, terms: ListTerms): ListEntry {
  return readEntry(ofJson(given), terms);
}

function ofJson(given: unknown): GivenValue {
  if (typeof given === 'string') return { text: given };
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { text: JSON.stringify(given) ?? '' };
  }
  const { value, type, ...json } = given as Readonly<Record<string, unknown>>;
  const text = typeof value === 'string' ? value : '';
  return { text, type: typeof type === 'string' ? type : undefined, own: { json } };
}

function atLeast(common: ValueContext, level: PlainReader['level']): ValueContext {
  if (level === undefined || level === 'unknown') return common;
  const { tlp } = common;
  return tlp !== undefined && tlpRank(tlp) >= tlpRank(level) ? common : { ...common, tlp: level };
}
