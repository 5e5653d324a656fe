/** Shares the values of a list, in parts, as bundles of lines are shared. */
import type { Readable } from 'node:stream';
import { Problem } from '../../errors.ts';
import type { ListEntry } from '../../formats/list/entry.ts';
import type { ListColumns, SizedEntry } from '../../formats/list/list.ts';
import { presented } from '../../formats/list/told.ts';
import type { SharingContext } from '../../indicators/context.ts';
import { acceptUndated } from '../../indicators/undated.ts';
import { acceptLines, type LinesRequest } from './lines.ts';

export interface ValuesRequest extends LinesRequest {
  readonly entries: AsyncIterable<SizedEntry> | Iterable<SizedEntry>;
  /** Asked once all entries have been read. */
  readonly columns: () => ListColumns;
  /** Characters of what is said about every value. */
  readonly commonCharacters: number;
}

/** What an entry takes once it is an object, about, beside what its list says. */
const OBJECT_CHARACTERS = 600;
/** UTF-16, as a text and as a value of an object. */
const BYTES_OF_CHARACTER = 4;

/** Accepts the entries, and answers with a result for each. */
export function acceptValues(context: SharingContext, request: ValuesRequest): Promise<Readable> {
  const { account, entries, columns, commonCharacters, dryRun } = request;
  let count = 0;
  return acceptLines<ListEntry>(request, {
    lines: async function* (pace) {
      for await (const { entry, characters } of entries) {
        if (pace.isOver()) await pace.next();
        const bytes = characters + commonCharacters + OBJECT_CHARACTERS;
        const cost = bytes * BYTES_OF_CHARACTER;
        await account.take(cost);
        count += 1;
        yield { bytes, value: entry, cost };
      }
    },
    accept: (values, part, input) =>
      acceptUndated(context, { objects: values.map(({ object }) => object), part }, input),
    present: (result, entry) => (entry === undefined ? result : presented(entry, result)),
    head: (summary) => {
      if (count === 0) throw empty();
      return { ...listHead(columns(), dryRun), summary };
    },
  });
}

/** The answer to a list without its summary and results. `tocsin import` prints the same. */
export function listHead({ columns, warnings }: ListColumns, dryRun: boolean) {
  return {
    dry_run: dryRun,
    ...(columns === undefined
      ? {}
      : { columns: columns.map(({ name, field }) => ({ name, field: field ?? null })) }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function empty(): Problem {
  return new Problem(
    'list_empty',
    'Send at least one value: the list has only comments or nothing.',
  );
}
