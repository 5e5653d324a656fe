/**
 * Holds the imports against .dependency-cruiser.cjs, and the names of files and folders against the
 * layout. dependency-cruiser looks at no TypeScript at all, and is content, when it finds a compiler
 * whose version it does not know; so what it looked at is counted against what is there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Cruise {
  modules: { source: string; dependencies: unknown[] }[];
  summary: {
    violations: { from: string; to: string; rule: { name: string }; comment?: string }[];
    ruleSetUsed: { forbidden: { name: string; comment?: string }[] };
  };
}

const root = fileURLToPath(new URL('..', import.meta.url));
const places = ['src', 'demo', 'test', 'bench', 'scripts', 'console'].filter((place) =>
  existsSync(`${root}${place}`),
);

function cruise(): Cruise {
  const program = `${root}node_modules/dependency-cruiser/bin/dependency-cruise.mjs`;
  const run = spawnSync(process.execPath, [program, ...places, '--output-type', 'json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (!run.stdout.startsWith('{')) {
    throw new Error(`dependency-cruiser gave no result: ${run.stderr || run.stdout}`);
  }
  return JSON.parse(run.stdout);
}

/** Files under src/ that a cruise with sight must have looked at. */
function sourceFiles(): string[] {
  return globSync('src/**/*.{ts,tsx,js}', { cwd: root })
    .map((file) => file.replaceAll(sep, '/'))
    .filter((file) => !file.startsWith('src/store/generated/'));
}

/** One line for each file that the cruise missed, or for a tree in which it saw no import at all. */
function blindSpots(result: Cruise, files: string[]): string[] {
  const seen = new Set(result.modules.map((module) => module.source));
  const missed = files.filter((file) => !seen.has(file));
  const imports = result.modules.reduce((sum, module) => sum + module.dependencies.length, 0);
  const told = missed.map((file) => `not-looked-at: ${file}`);
  if (files.length === 0) told.push('not-looked-at: src/ holds no file');
  else if (imports === 0) told.push('not-looked-at: no import was followed');
  return told;
}

function crossings(result: Cruise): string[] {
  const comments = new Map(
    result.summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment ?? '']),
  );
  return result.summary.violations.map(
    ({ from, to, rule }) => `${rule.name}: ${from} -> ${to} (${comments.get(rule.name) ?? ''})`,
  );
}

/** A bag's name says nothing about what is in it, so that everything ends up there. */
const bag = /^(utils?|helpers?|commons?|services?|types?|interfaces?|misc)$/i;

function bags(): string[] {
  const named = globSync(
    places.map((place) => `${place}/**/*.*`),
    { cwd: root, exclude: (path) => /(node_modules|generated)$/.test(path) },
  ).flatMap((path) => {
    const parts = path.split(sep);
    const at = parts.findIndex((part) => bag.test(part.replace(/\..*$/, '')));
    return at < 0 ? [] : [parts.slice(0, at + 1).join('/')];
  });
  return [...new Set(named)].map((path) => `bag-name: ${path}`);
}

/** Every file is in a folder, or is a file at the root of src/, that has an arrow rule. */
function unlisted(result: Cruise, files: string[]): string[] {
  const listed = new Set(result.summary.ruleSetUsed.forbidden.map((rule) => rule.name));
  return files
    .filter((file) => {
      const [, entry = ''] = file.split('/');
      return !listed.has(`arrow-${entry.replace(/\.test\.ts$/, '.ts')}`);
    })
    .map((file) => `unlisted: ${file} lies where .dependency-cruiser.cjs knows no arrow`);
}

const files = sourceFiles();
const result = cruise();
const told = [
  ...blindSpots(result, files),
  ...crossings(result),
  ...bags(),
  ...unlisted(result, files),
];
for (const line of told) console.error(line);
console.log(`${files.length} files under src/, ${result.modules.length} modules looked at`);
process.exitCode = told.length === 0 ? 0 : 1;
