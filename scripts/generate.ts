/**
 * `npm run generate [-- --check]`: writes openapi.yaml from the routes and their zod schemas. With
 * `--check` it writes nothing, and exits with 1 and the first differences when the file differs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { openApiDocument } from './openapi-document.ts';

const FILE = new URL('../openapi.yaml', import.meta.url);
const HEAD = '# Written by `npm run generate` from the routes; do not edit.\n';
const DIFFERENCES_MAX = 10;

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const document = await openApiDocument();
const text = HEAD + stringify(document, { aliasDuplicateObjects: false, lineWidth: 100 });
if (values.check) check(await readFile(FILE, 'utf8').catch(() => ''), text);
else await writeFile(FILE, text);

function check(kept: string, made: string): void {
  if (kept === made) return;
  console.error('openapi.yaml is not what the routes say: run `npm run generate`');
  for (const line of differences(kept.split('\n'), made.split('\n'))) console.error(line);
  process.exitCode = 1;
}

/** The lines that only one of the two has, as far as they are told apart by their count. */
function differences(kept: readonly string[], made: readonly string[]): string[] {
  const lines = [
    ...without(kept, made).map((line) => `- ${line}`),
    ...without(made, kept).map((line) => `+ ${line}`),
  ];
  const more = lines.length - DIFFERENCES_MAX;
  return more > 0 ? [...lines.slice(0, DIFFERENCES_MAX), `and ${more} more`] : lines;
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    if (count > 0) counts.set(line, count - 1);
    return count === 0;
  });
}
