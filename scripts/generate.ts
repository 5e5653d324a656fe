/**
 * `npm run generate`, first part: writes openapi.yaml from the routes and their zod schemas. With
 * `--check` it writes nothing, and exits with 1 and the first differences when the file differs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { differences } from './differences.ts';
import { openApiDocument } from './openapi-document.ts';

const FILE = new URL('../openapi.yaml', import.meta.url);
const HEAD = '# Written by `npm run generate` from the routes; do not edit.\n';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const document = await openApiDocument();
const text = HEAD + stringify(document, { aliasDuplicateObjects: false, lineWidth: 100 });
if (values.check) check(await readFile(FILE, 'utf8').catch(() => ''), text);
else await writeFile(FILE, text);

function check(kept: string, made: string): void {
  if (kept === made) return;
  console.error('openapi.yaml is not what the routes say: run `npm run generate`');
  for (const line of differences(kept, made)) console.error(line);
  process.exitCode = 1;
}
