/**
 * Compares this tree with another commit of it: each bench runs in both, in turn (A B A B), each tree
 * with its own bench program, and prints the ratios of the pairs.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atEnd } from './endings.ts';
import { rounded, type Measurement } from './measurement.ts';
import { median, PAIRS } from './pairs.ts';

const run = promisify(execFile);
const HERE = fileURLToPath(new URL('..', import.meta.url));

/** One row of a bench in both trees. Ratios are of this tree to the other: rates above 1 are quicker. */
export interface Comparison {
  readonly bench: string;
  /** What ran, where a bench has several rows. */
  readonly row: string;
  readonly against: string;
  readonly perSecond: number;
  readonly againstPerSecond: number;
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  /** Of the 99th percentiles of time: below 1 is quicker. */
  readonly p99Ratio?: number;
}

type Row = Pick<
  Measurement,
  'bench' | 'perSecond' | 'p99Ms' | 'postsPerSecond' | 'objectsPerPost' | 'ran'
>;

/** Runs one bench in both trees, `PAIRS` times in turn. */
export async function compare(
  bench: string,
  ref: string,
  objects: number | undefined,
): Promise<Comparison[]> {
  const other = await checkOut(ref);
  const pairs: [Row[], Row[]][] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    pairs.push([await runBench(HERE, bench, objects), await runBench(other, bench, objects)]);
  }
  return comparisons(pairs, ref);
}

/** What the pairs say of each row; rows of the two trees belong together by their order. */
export function comparisons(
  pairs: readonly (readonly [readonly Row[], readonly Row[]])[],
  against: string,
): Comparison[] {
  const [[first] = [[]]] = pairs;
  return first.map((row, at) => {
    const both = pairs.flatMap(([here, there]) => {
      const [a, b] = [here[at], there[at]];
      return a === undefined || b === undefined ? [] : [{ a, b }];
    });
    if (both.length < pairs.length) throw new Error(`${row.bench}: the trees have other rows`);
    const ratios = both.map(({ a, b }) => a.perSecond / b.perSecond);
    const p99 = both.flatMap(({ a, b }) =>
      a.p99Ms === undefined || b.p99Ms === undefined ? [] : [a.p99Ms / b.p99Ms],
    );
    return {
      bench: row.bench,
      row: row.ran,
      against,
      perSecond: rounded(median(both.map(({ a }) => a.perSecond))),
      againstPerSecond: rounded(median(both.map(({ b }) => b.perSecond))),
      ratio: rounded(median(ratios), 2),
      ratioMin: rounded(Math.min(...ratios), 2),
      ratioMax: rounded(Math.max(...ratios), 2),
      ...(p99.length > 0 && { p99Ratio: rounded(median(p99), 2) }),
    };
  });
}

const checkedOut = new Map<string, Promise<string>>();

/** A work tree of the commit, with the packages of this one, or its own where its list differs. */
function checkOut(ref: string): Promise<string> {
  const there = checkedOut.get(ref) ?? makeTree(ref);
  checkedOut.set(ref, there);
  return there;
}

async function makeTree(ref: string): Promise<string> {
  const top = await mkdtemp(join(tmpdir(), 'tocsin-against-'));
  const tree = join(top, 'tree');
  await run('git', ['worktree', 'add', '--detach', tree, ref], { cwd: HERE });
  atEnd(async () => {
    await run('git', ['worktree', 'remove', '--force', tree], { cwd: HERE });
    await rm(top, { recursive: true, force: true });
  });
  const [mine, its] = await Promise.all([lockFile(HERE), lockFile(tree)]);
  if (mine === its) await symlink(join(HERE, 'node_modules'), join(tree, 'node_modules'));
  else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tree });
  await run(process.execPath, ['scripts/generate-client.ts'], { cwd: tree });
  return tree;
}

async function lockFile(tree: string): Promise<string> {
  const path = join(tree, 'package-lock.json');
  return existsSync(path) ? readFile(path, 'utf8') : '';
}

async function runBench(tree: string, bench: string, objects: number | undefined): Promise<Row[]> {
  const args = ['bench/main.ts', bench, '--json'];
  if (objects !== undefined) args.push('--objects', String(objects));
  const child = spawn(process.execPath, args, { cwd: tree, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${bench} failed in ${tree} (exit ${String(code)})`);
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Row => JSON.parse(line));
}
