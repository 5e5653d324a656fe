/** Shares the values of a plain list in a file, as `POST /values` does. */
import { createReadStream } from 'node:fs';
import { Problem } from '../errors.ts';
import { contextOfTexts, ValueContext } from '../formats/list/context.ts';
import { readColumnChoice } from '../formats/list/columns.ts';
import type { ListEntry } from '../formats/list/entry.ts';
import { ListReader } from '../formats/list/list.ts';
import { presented } from '../formats/list/told.ts';
import { emptySummary } from '../http/bundles/summary.ts';
import { listHead } from '../http/bundles/values.ts';
import type { AcceptInput } from '../indicators/accept.ts';
import type { SharingContext } from '../indicators/context.ts';
import { makerOf } from '../indicators/maker.ts';
import type { KnownMarkings } from '../indicators/markings.ts';
import type { ObjectResult } from '../indicators/results.ts';
import { acceptUndated } from '../indicators/undated.ts';
import { inputOf } from './input.ts';
import { findingInWords, whyUnreadable, type FailedFile } from './stix-file.ts';

/** Names of files that are lists of values, and not STIX. */
const TABLE_NAME = /\.(?:csv|tsv)$/i;
const TEXT_NAME = /\.(?:txt|list|lst|ioc|iocs)$/i;
const START_BYTES = 1024;
/** Values of one transaction. */
const PART = 2500;

/** Whether a file is a list: by its name, unless it begins as JSON does. */
export async function isList(file: string): Promise<boolean> {
  if (TABLE_NAME.test(file)) return true;
  if (!TEXT_NAME.test(file)) return false;
  const start = createReadStream(file, { end: START_BYTES - 1, encoding: 'utf8' });
  try {
    for await (const text of start) return !/^\ufeff?\s*\{/.test(String(text));
  } catch {
    // Whatever reads it as a whole says why it cannot be read.
  }
  return true;
}

/** What the command says about every value, as texts, and how it reads the columns. */
export interface ListOptions {
  readonly context: Readonly<Record<string, string | undefined>>;
  readonly columns?: string | undefined;
}

type ListResult = ReturnType<typeof presented<ObjectResult>>;

/** What REST answers to the same list, with the name of its file. */
export type ListReport = Awaited<ReturnType<typeof importList>>;

/** Shares the values of a file, part by part. A file that cannot be read to its end is an error. */
export async function importList(
  context: SharingContext,
  file: string,
  input: AcceptInput,
  options: ListOptions,
) {
  try {
    const common = inputOf(ValueContext, contextOfTexts(options.context));
    const choice = readColumnChoice(
      options.columns === undefined ? [] : [options.columns],
      '--columns',
    );
    const reader = new ListReader({ common, maker: makerOf(input.member) }, choice);
    const form = TABLE_NAME.test(file) ? 'csv' : 'text';
    const results: ListResult[] = [];
    const summary = emptySummary();
    const markings: KnownMarkings = new Map();
    let part: ListEntry[] = [];
    const take = async (moreFollow: boolean): Promise<void> => {
      const firstIndex = results.length;
      const objects = part.map(({ object }) => object);
      const post = { objects, part: { firstIndex, markings, moreFollow } };
      for (const result of await acceptUndated(context, post, input)) {
        const entry = part[result.index - firstIndex];
        summary[result.outcome]++;
        if (entry !== undefined) results.push(presented(entry, result));
      }
      part = [];
    };
    for await (const { entry } of reader.entries(form, createReadStream(file))) {
      if (part.length === PART) await take(true);
      part.push(entry);
    }
    if (part.length > 0) await take(false);
    return { file, ...listHead(reader.columns(), input.dryRun), summary, results };
  } catch (error) {
    return failed(file, error);
  }
}

/** What is wrong with one file must not end the import of the others. */
function failed(file: string, error: unknown): FailedFile {
  if (error instanceof Problem) {
    const { code, path, message: detail } = error;
    return { file, error: { code, path, detail } };
  }
  if (error instanceof Error && 'syscall' in error) {
    return { file, error: { code: 'unreadable', detail: whyUnreadable(error) } };
  }
  throw error;
}

const GIVEN_WIDTH_MAX = 48;

/** A list in words: all rows of a dry run, else those that have something to tell. */
export function listInWords(report: Exclude<ListReport, FailedFile>): string {
  const { file, summary, results, columns = [], warnings = [], dry_run: isDryRun } = report;
  const counts = Object.entries(summary).filter(([, count]) => count > 0);
  const total = counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const read = columns.flatMap(({ name, field }) =>
    field === null ? [] : [`${name} as ${field}`],
  );
  const shown = results.filter(
    ({ outcome, warnings: told = [] }) => isDryRun || outcome === 'rejected' || told.length > 0,
  );
  return [
    `${file}: ${total || 'no values'}`,
    ...(read.length === 0 ? [] : [`  columns: ${read.join(', ')}`]),
    ...warnings.map((warning) => `  warning ${findingInWords(warning)}`),
    ...rows(shown),
    '',
  ].join('\n');
}

function rows(results: readonly ListResult[]): string[] {
  const widest = Math.max(0, ...results.map(({ given }) => given.length));
  const width = Math.min(widest, GIVEN_WIDTH_MAX);
  return results.flatMap((result) => {
    const {
      line,
      given,
      type = '-',
      value = '',
      port,
      outcome,
      code,
      detail,
      warnings = [],
    } = result;
    const what = code === undefined ? outcome : `${outcome} ${code}: ${detail ?? ''}`;
    const understood = `${type} ${value}${port === undefined ? '' : ` port ${port}`}`.trim();
    const shown =
      given.length > GIVEN_WIDTH_MAX ? `${given.slice(0, GIVEN_WIDTH_MAX - 1)}…` : given;
    return [
      `  ${String(line ?? '').padStart(6)}  ${shown.padEnd(width)}  ${understood}  ${what}`,
      ...warnings.map((warning) => `${' '.repeat(10)}warning ${findingInWords(warning)}`),
    ];
  });
}
