/** The ratios of an earlier run, committed beside the benches: what this machine is does not matter to them. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './measurement.ts';

const FILE = fileURLToPath(new URL('baseline.json', import.meta.url));

const RATIOS = ['ratio', 'worstRoundRatio', 'othersP99Ratio'] as const;

type Ratios = Partial<Record<(typeof RATIOS)[number], number>>;

/** By the name of a row. */
export type Baseline = Readonly<Record<string, Ratios>>;

export async function readBaseline(): Promise<Baseline> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Baseline;
}

/** Puts the ratios of these rows in the place of theirs, and leaves those of other rows. */
export async function saveBaseline(rows: readonly Measurement[]): Promise<void> {
  const baseline = { ...(await readBaseline()) } as Record<string, Ratios>;
  for (const row of rows) {
    const ratios = ratiosOf(row);
    if (Object.keys(ratios).length > 0) baseline[rowName(row)] = ratios;
  }
  const sorted = Object.fromEntries(
    Object.entries(baseline).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  await writeFile(FILE, `${JSON.stringify(sorted, undefined, 2)}\n`);
}

/** Each ratio of a row as a multiple of the one in the baseline; what has none there is left out. */
export function againstBaseline(row: Measurement, baseline: Baseline): Ratios {
  const before = baseline[rowName(row)] ?? {};
  const compared: Ratios = {};
  for (const name of RATIOS) {
    const [now, then] = [row[name], before[name]];
    if (now === undefined || then === undefined) continue;
    compared[name] = Math.round((100 * now) / then) / 100;
  }
  return compared;
}

/** A bench has several rows where it has several loads or operations. */
export function rowName(row: Measurement): string {
  const { bench, operation, readers, postsPerSecond, objectsPerPost, subscribers } = row;
  const load = postsPerSecond === undefined ? [] : [postsPerSecond, objectsPerPost, subscribers];
  const parts = [operation, readers, ...load].filter((part) => part !== undefined);
  return [bench, ...parts].join(' ');
}

function ratiosOf(row: Measurement): Ratios {
  const ratios: Ratios = {};
  for (const name of RATIOS) if (row[name] !== undefined) ratios[name] = row[name];
  return ratios;
}
