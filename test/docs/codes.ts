/** The codes that one object of a bundle can get, read from the code that assigns them. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const places = ['src/{stix,indicators,sharing,formats}/**/*.ts', 'src/http/bundles/ndjson.ts'];

/** `code: 'x'`, or what makes a finding of its first text. */
const TOLD = [
  /\bcode: '([a-z0-9_]+)'/g,
  /\b(?:fault|finding|refuse|refusal|rule|warn|JsonFault|PatternFault)\(\s*(?:examined,\s*)?'([a-z0-9]+_[a-z0-9_]+)'/g,
];
/** `type …Code = 'x' | 'y'`, a code that is chosen from several, or one that has a name. */
const LISTED = /(?:type \w*Code|const code|const NAME_FORM) =([^;]+);/g;
/** What zod calls a rule of ours; the finding has that rule's code. */
const OF_ZOD = 'custom';

export function objectCodes(): Set<string> {
  const found = new Set<string>();
  for (const file of globSync(places, { cwd: root })) {
    if (file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(root, file), 'utf8');
    for (const form of TOLD) for (const [, code = ''] of text.matchAll(form)) found.add(code);
    const lists = [...text.matchAll(LISTED)].map(([, list = '']) => list).join(' ');
    for (const [, code = ''] of lists.matchAll(/'([a-z0-9]+_[a-z0-9_]+)'/g)) found.add(code);
  }
  found.delete(OF_ZOD);
  return found;
}
