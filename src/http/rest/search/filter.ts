/** The filter of a request, from its parameters and its text, in the one schema of filters. */
import { Problem } from '../../../errors.ts';
import { parsed, type SchemaIssue } from '../../../schema-issues.ts';
import { parseCompact, syntaxFault, type WrittenFilter } from '../../../search/compact.ts';
import { LISTS } from '../../../search/fields.ts';
import { SearchFilter } from '../../../search/filter.ts';
import type { FilterQuery } from '../schemas/search.ts';

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(LISTS).map(([name, field]) => [field, name]),
);
const NUMBERS: ReadonlySet<string> = new Set(['confidence_min', 'confidence_max']);
const NOTHING: WrittenFilter = { filter: {}, columns: new Map() };

/** Throws Problem search_syntax, which points at a column, or invalid_request. */
export function filterOf({ q, ...parameters }: FilterQuery): SearchFilter {
  const written = q === undefined ? NOTHING : parseCompact(q);
  const input: Record<string, unknown> = { ...written.filter };
  for (const [name, given] of Object.entries(parameters)) {
    if (given === undefined) continue;
    const field = Object.hasOwn(LISTS, name) ? LISTS[name as keyof typeof LISTS] : name;
    if (field === name && !Array.isArray(input[field]) && Object.hasOwn(input, field)) {
      const path = `querystring.${name}`;
      throw new Problem('invalid_request', `\`${name}\` is given twice, here and in \`q\`.`, {
        path,
      });
    }
    input[field] = isList(name) ? [input[field] ?? [], given].flat() : single(name, given);
  }
  const result = parsed(SearchFilter, input, { subject: 'The search', entry: 'field' });
  if (result.ok) return result.value;
  throw problemOf(result.issues, written.columns);
}

function isList(name: string): boolean {
  return Object.hasOwn(LISTS, name);
}

/** A number where the text is one; the schema says what is wrong with others. */
function single(name: string, given: string | string[]): unknown {
  return NUMBERS.has(name) && /^\d{1,4}$/.test(String(given)) ? Number(given) : given;
}

/** The first fault that is in the text of the search, or else the first one. */
function problemOf(issues: readonly SchemaIssue[], columns: ReadonlyMap<string, number>): Problem {
  for (const { path, detail } of issues) {
    const column = columns.get(path) ?? columns.get(path.replace(/\[.*$/, ''));
    if (column !== undefined) return syntaxFault(column, detail);
  }
  const all = issues.map(({ path, detail }) => {
    const [, field = '', rest = ''] = /^([^[]*)(.*)$/.exec(path) ?? [];
    const name = NAMES.get(field) ?? field;
    return {
      path: name === '' ? 'querystring' : `querystring.${name}${rest}`,
      detail: detail.replace(`\`${field}`, `\`${name}`),
    };
  });
  const [first = { path: 'querystring', detail: 'The search is not valid.' }] = all;
  const extra = all.length > 1 ? { errors: all } : {};
  return new Problem('invalid_request', first.detail, { path: first.path, extra });
}

/** The same for a path that has indicators only. Throws Problem invalid_request. */
export function onlyIndicators(filter: SearchFilter): SearchFilter {
  if (filter.types?.includes('indicator') === false) {
    const detail =
      'This path has indicators only. Use GET /api/v1/objects to search for other types';
    throw new Problem('invalid_request', detail, { path: 'querystring.type' });
  }
  return { ...filter, types: ['indicator'] };
}
