/**
 * Interleaved measurement: the measured run and its floor take turns in the same seconds (A B A B), so
 * that whatever else the machine does meets both. What counts is the median of the pairs' ratios.
 */
import { addCpu, type CpuUse } from './cpu.ts';
import { rounded } from './measurement.ts';

export const PAIRS = 5;

export interface Part {
  readonly objects: number;
  readonly seconds: number;
  readonly cpuSeconds?: CpuUse | undefined;
}

/** The part of a measurement that pairs give. Rates are medians. */
export interface Paired {
  readonly objects: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly floorPerSecond: number;
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly cpuSeconds: CpuUse | undefined;
  readonly cpuMsPerObject: { readonly server: number; readonly database: number } | undefined;
}

/**
 * Runs `measured` and `floor` in turn, `PAIRS` times. The floor receives what the run before it did,
 * so that both do the same work.
 */
export async function runPairs<M extends Part>(
  measured: (pair: number) => Promise<M>,
  floor: (run: M, pair: number) => Promise<Part>,
): Promise<Paired> {
  const runs: Part[] = [];
  const floors: Part[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const run = await measured(pair);
    runs.push(run);
    floors.push(await floor(run, pair));
  }
  return summarise(runs, floors);
}

/** The figures of pairs that have run. Throws on lists of different lengths or of none. */
export function summarise(runs: readonly Part[], floors: readonly Part[]): Paired {
  if (runs.length === 0 || runs.length !== floors.length) throw new Error('No pairs');
  const ratios = runs.map((run, i) => perSecond(run) / perSecond(floors[i] as Part));
  const objects = runs.reduce((sum, run) => sum + run.objects, 0);
  const cpuSeconds = runs.map((run) => run.cpuSeconds).reduce(addCpu);
  return {
    objects,
    seconds: rounded(
      runs.reduce((sum, { seconds }) => sum + seconds, 0),
      3,
    ),
    perSecond: rounded(median(runs.map(perSecond))),
    floorPerSecond: rounded(median(floors.map(perSecond))),
    ratio: rounded(median(ratios), 2),
    ratioMin: rounded(Math.min(...ratios), 2),
    ratioMax: rounded(Math.max(...ratios), 2),
    cpuSeconds,
    cpuMsPerObject: cpuPerObject(cpuSeconds, objects),
  };
}

/** Milliseconds of processor time for one object, of the server and of its database. */
export function cpuPerObject(cpu: CpuUse | undefined, objects: number) {
  if (cpu === undefined) return undefined;
  return {
    server: rounded((cpu.server * 1000) / objects, 4),
    database: rounded((cpu.database * 1000) / objects, 4),
  };
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (
    ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2
  );
}

function perSecond({ objects, seconds }: Part): number {
  return objects / seconds;
}
