/**
 * `node scripts/check-prose.ts`: reports the turns of phrase that scripts/prose-rules.ts bans, in
 * documents, string literals, comments and the titles of tests. CONTRIBUTING.md says how to write.
 */
import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proseOf } from './prose-pieces.ts';
import { faultsOfProse } from './prose-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const patterns = [
  '*.{md,yaml,yml,ts,cjs}',
  'Dockerfile',
  '.ci/run',
  '{docs,src,demo,test,bench,scripts,bin}/**/*.{ts,js,mjs,md,html}',
];
/** Generated from texts that are checked, or a list of banned words itself. */
const exempt =
  /(?:^|\/)(?:node_modules|generated)(?:\/|$)|^openapi\.yaml$|^scripts\/prose-rules\.ts$|^docs\/WORDS\.md$|^test\/check\/commits\.test\.ts$/;

const files = globSync(patterns, {
  cwd: root,
  exclude: (path) => exempt.test(path.replaceAll(sep, '/')),
});

let found = 0;
for (const path of files) {
  const file = path.replaceAll(sep, '/');
  for (const { kind, line, text } of proseOf(file, readFileSync(root + path, 'utf8'))) {
    for (const { index, fault } of faultsOfProse(text, kind)) {
      found += 1;
      console.error(`${file}:${line + (text.slice(0, index).match(/\n/g)?.length ?? 0)}: ${fault}`);
    }
  }
}
if (files.length === 0) console.error('No files were found to check');
process.exitCode = found === 0 && files.length > 0 ? 0 : 1;
