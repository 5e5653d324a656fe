/**
 * Words that may not stand in the code: those that silence the other checks, and the environment
 * read anywhere but in src/config.ts by a spelling that the linter's own rule does not know.
 */
import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Ban {
  name: string;
  word: RegExp;
  where?: RegExp;
  except?: RegExp;
}

const bans: Ban[] = [
  { name: 'silenced-check', word: /(?:oxlint|eslint|prettier|tslint)-(?:disable|ignore)/ },
  { name: 'silenced-compiler', word: /@ts-(?:ignore|nocheck|expect-error)/ },
  { name: 'forced-type', word: /\bas\s+unknown\s+as\b/ },
  {
    name: 'environment-outside-config',
    word: /\bprocess\s*(?:\?\.|\.|\[\s*['"`])\s*env\b|\benv\b[^=;\n]*\}\s*=\s*process\b|\{[^}]*\benv\b[^}]*\}\s*from\s*['"](?:node:)?process|globalThis\s*(?:\.|\[\s*['"`])\s*process/,
    where: /^(?:src|demo)\//,
    except: /^src\/config\.ts$|\.test\.ts$/,
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const files = globSync(['{src,demo,test,bench,scripts,bin}/**/*.{ts,js}', '*.{ts,js,cjs}'], {
  cwd: root,
  exclude: (path) => /(node_modules|generated)$/.test(path),
}).map((file) => file.replaceAll(sep, '/'));

let found = 0;
for (const file of files) {
  const lines = readFileSync(`${root}${file}`, 'utf8').split('\n');
  for (const { name, word, where, except } of bans) {
    if ((where && !where.test(file)) || except?.test(file)) continue;
    for (const [index, line] of lines.entries()) {
      if (!word.test(line)) continue;
      found += 1;
      console.error(`${name}: ${file}:${index + 1}: ${line.trim()}`);
    }
  }
}
process.exitCode = found === 0 ? 0 : 1;
