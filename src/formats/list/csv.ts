/** Tables of values as text: RFC 4180 with what spreadsheets make of it, read row by row. */
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { asSentence, Problem } from '../../errors.ts';

/** A row of a table. */
export interface Row {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** UTF-16 code units of its cells. */
  readonly characters: number;
}

/** A row may have this many bytes, whatever is in it. */
const ROW_BYTES_MAX = 2 * 1024 * 1024;
const CELLS_MAX = 500;
const DELIMITERS = [',', ';', '\t', '|'] as const;
/** A header is shorter. */
const SNIFFED_MAX = 64 * 1024;
/** The first line of a table for Excel. */
const EXCEL = /^sep=(.)\n/i;

/**
 * The rows of a table in text that comes in pieces. The delimiter is the one that its first line has most of.
 * Throws Problem invalid_csv with the line.
 */
export async function* readCsv(pieces: AsyncIterable<string>): AsyncGenerator<Row> {
  const text = withUnixLines(pieces);
  const start = await firstLineOf(text);
  const [mark = '', named] = EXCEL.exec(start) ?? [];
  const parser = parse({
    delimiter: named ?? delimiterOf(start.slice(0, start.indexOf('\n') + 1 || undefined)),
    record_delimiter: '\n',
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: ROW_BYTES_MAX,
  });
  const source = Readable.from(joined(start.slice(mark.length), text), { objectMode: false });
  // Errors of either reach the loop, which reads the last of the two.
  pipeline(source, parser, () => undefined);
  const before = mark === '' ? 0 : 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      const breaks = record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
      const characters = record.reduce((sum, cell) => sum + cell.length, 0);
      const line = before + info.lines - breaks;
      if (record.length > CELLS_MAX) throw tooManyCells(line, record.length);
      yield { line, cells: record, characters };
    }
  } catch (error) {
    throw error instanceof CsvError ? problemOf(error, before) : error;
  }
}

interface Parsed {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function tooManyCells(line: number, count: number): Problem {
  const detail = `The row at line ${line} has ${count} columns; the limit is ${CELLS_MAX}.`;
  return new Problem('invalid_csv', detail, { path: `line ${line}`, extra: { limit: CELLS_MAX } });
}

function problemOf(error: CsvError, before: number): Problem {
  const line = before + (typeof error['lines'] === 'number' ? error['lines'] : 0);
  const path = `line ${line}`;
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    const detail = `The row at line ${line} has more than ${ROW_BYTES_MAX} bytes. A quote that is not closed may be the reason.`;
    return new Problem('invalid_csv', detail, { path, extra: { limit_bytes: ROW_BYTES_MAX } });
  }
  const detail =
    error.code === 'CSV_QUOTE_NOT_CLOSED'
      ? `A quote is not closed before the end of the table, at line ${line}.`
      : asSentence(error.message);
  return new Problem('invalid_csv', detail, { path, cause: error });
}

/** Line breaks as \n, in values too, so that lines are counted alike wherever the table was made. */
async function* withUnixLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const piece of pieces) {
    const text = held + piece;
    held = text.endsWith('\r') ? '\r' : '';
    const whole = held === '' ? text : text.slice(0, -1);
    if (whole !== '') yield whole.replaceAll(/\r\n?/g, '\n');
  }
  if (held !== '') yield '\n';
}

/** Reads until the first line is whole. */
async function firstLineOf(text: AsyncGenerator<string>): Promise<string> {
  let start = '';
  while (start.length < SNIFFED_MAX && !outsideQuotes(start.replace(EXCEL, '')).includes('\n')) {
    const { done, value } = await text.next();
    if (done === true) break;
    start += value;
  }
  return start;
}

function delimiterOf(line: string): string {
  const plain = outsideQuotes(line);
  const [first] = plain.split('\n');
  const counted = DELIMITERS.map((one) => ({ one, count: (first ?? '').split(one).length - 1 }));
  const most = counted.reduce((a, b) => (b.count > a.count ? b : a));
  return most.one;
}

function outsideQuotes(text: string): string {
  return text.replaceAll(/"[^"]*(?:"|$)/g, '');
}

async function* joined(start: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (start !== '') yield start;
  yield* rest;
}
