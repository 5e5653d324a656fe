/** The answer about one value of a list. */
import type { Finding } from '../../stix/check/finding.ts';
import type { ListEntry } from './entry.ts';

const GIVEN_LENGTH_MAX = 200;

/** Where a value stands in its list, and how it was understood. */
interface Understood {
  readonly line?: number;
  readonly column?: string;
  /** As it was written; a long one is cut off. */
  readonly given: string;
  /** Of a value that was recognised. */
  readonly type?: string;
  /** In the form in which it is looked up. */
  readonly value?: string;
  readonly port?: number;
}

function understoodOf({ given, recognised }: ListEntry): Understood {
  const { line, column, text } = given;
  return {
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    given:
      text.length > GIVEN_LENGTH_MAX ? `${text.slice(0, GIVEN_LENGTH_MAX)}…`.toWellFormed() : text,
    ...(recognised === undefined ? {} : { type: recognised.kind, value: recognised.value }),
    ...(recognised?.port === undefined ? {} : { port: recognised.port }),
  };
}

/** The result of its indicator, with how the value was understood. */
export function presented<R extends { readonly warnings?: Finding[]; readonly outcome: string }>(
  entry: ListEntry,
  result: R,
): Understood & R {
  const own = result.warnings ?? [];
  const told = new Set(own.map(({ code }) => code));
  const doubts = result.outcome === 'rejected' ? [] : entry.doubts;
  const warnings = [...doubts.filter(({ code }) => !told.has(code)), ...own];
  const { warnings: _, ...rest } = result;
  const all = { ...understoodOf(entry), ...rest, ...(warnings.length === 0 ? {} : { warnings }) };
  return all as Understood & R;
}
