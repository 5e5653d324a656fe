/** The values of a table, row by row. */
import { Problem } from '../../errors.ts';
import type { Finding } from '../../stix/check/finding.ts';
import { recognise } from '../../stix/value/recognise.ts';
import {
  columnsInOrder,
  columnsOf,
  type Column,
  type ColumnChoice,
  type Field,
} from './columns.ts';
import type { Row } from './csv.ts';
import type { GivenValue } from './entry.ts';

/** What is read of a table. */
export interface Table {
  /** The columns and what they are read as; empty until the first row was read. */
  readonly columns: readonly Column[];
  /** Whether its first row is a header. */
  readonly hasHeader: boolean;
}

/** Reads the rows of one table; what it finds out about the columns is there afterwards. */
export class TableReader implements Table {
  columns: readonly Column[] = [];
  hasHeader = false;
  readonly #choice: ColumnChoice;

  constructor(choice: ColumnChoice) {
    this.#choice = choice;
  }

  /** The values of a row: several where it has columns of several kinds, none where they are empty. */
  valuesOf(row: Row): GivenValue[] {
    if (this.columns.length === 0) {
      this.#begin(row.cells);
      if (this.hasHeader) return [];
    }
    return valuesOf(row, this.columns);
  }

  #begin(cells: readonly string[]): void {
    const header = columnsOf(cells, this.#choice);
    if (header !== undefined) {
      this.columns = header;
      this.hasHeader = true;
      return;
    }
    if (this.#choice.inOrder.length === 0) {
      const value = cells.findIndex((cell) => recognise(cell) !== undefined);
      if (value < 0 || this.#choice.byName.size > 0) throw unknownColumns(cells, this.#choice);
      const inOrder = cells.map((_, i): Field | undefined => (i === value ? 'value' : undefined));
      this.columns = columnsInOrder(cells.length, { byName: new Map(), inOrder });
      return;
    }
    if (!this.#choice.inOrder.includes('value')) throw unknownColumns(cells, this.#choice);
    this.columns = columnsInOrder(cells.length, this.#choice);
    // A header that was named in order, all the same.
    const at = this.#choice.inOrder.indexOf('value');
    this.hasHeader =
      recognise(cells[at] ?? '') === undefined && columnsOf(cells, NO_CHOICE) !== undefined;
  }
}

const NO_CHOICE: ColumnChoice = { byName: new Map(), inOrder: [] };

function valuesOf({ line, cells }: Row, columns: readonly Column[]): GivenValue[] {
  const own: Partial<Record<Field, string>> = {};
  const unread: [string, string][] = [];
  const values: { readonly column: Column; readonly text: string }[] = [];
  for (const [i, cell] of cells.entries()) {
    const column = columns[i] ?? { name: String(i + 1), field: undefined };
    const { field, name } = column;
    if (field === 'value') values.push({ column, text: cell });
    else if (field === undefined) unread.push([name, cell]);
    else own[field] = cell;
  }
  const { type, port, ...context } = own;
  const several = columns.filter(({ field }) => field === 'value').length > 1;
  const filled = several ? values.filter(({ text }) => text.trim() !== '') : values;
  return filled.map(({ column: { name, kind }, text }) => ({
    line,
    ...(several ? { column: name } : {}),
    text,
    type: kind === undefined ? type : undefined,
    kind,
    port,
    own: { texts: context },
    unread,
  }));
}

/** A warning for each column that nothing reads. */
export function unreadColumns({ columns }: Table): Finding[] {
  return columns
    .filter(({ field, name }) => field === undefined && name !== '')
    .map(({ name }) => ({
      code: 'column_unknown',
      path: `column ${name}`,
      detail: `The column "${name}" is not read. Say what it holds with \`columns\`, or leave it out.`,
    }));
}

function unknownColumns(cells: readonly string[], { byName }: ColumnChoice): Problem {
  const seen = cells.slice(0, 20).map((cell) => `"${cell.slice(0, 40).toWellFormed()}"`);
  const columns = seen.join(', ').replaceAll(/\p{Cc}/gu, ' ');
  const advice =
    byName.size > 0
      ? '`columns` names no column of values that the first row has.'
      : 'Name the column of values "value", or use `columns`, such as columns=value,-,labels or columns=MyHeader:value.';
  return new Problem(
    'columns_unknown',
    `The first row has no column of values: ${columns}. ${advice}`,
    {
      path: 'line 1',
    },
  );
}
