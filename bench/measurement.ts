/** What a bench measures, and how that stands to its target. */

import type { CpuUse } from './cpu.ts';

/** One line of the output. Rates are per second, times in milliseconds, sizes in MB (10^6 bytes). */
export interface Measurement {
  readonly bench: string;
  readonly objects: number;
  /** Of `growth`: what was done. */
  readonly operation?: string;
  readonly seconds: number;
  readonly perSecond: number;
  /** The same work by the barest means, in the same run. */
  readonly floorPerSecond?: number;
  /** perSecond / floorPerSecond; of interleaved pairs, their median, with the least and the greatest. */
  readonly ratio?: number;
  readonly ratioMin?: number;
  readonly ratioMax?: number;
  /** Of `refresh`: the slowest round's time to the second's. */
  readonly worstRoundRatio?: number;
  /** Milliseconds of processor time for each object (of a fan-out: for each object delivered). */
  readonly cpuMsPerObject?: { readonly server: number; readonly database: number } | undefined;
  /** Of `latency`: the load of the row. */
  readonly postsPerSecond?: number;
  readonly objectsPerPost?: number;
  readonly subscribers?: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  /** Of the server, from the start of the measured stretch to its highest. */
  readonly memoryGrowthMb?: number;
  /** The p99 of other subscribers meanwhile, to theirs before. */
  readonly othersP99Ratio?: number;
  /** Of `lookup`: the rate of a viewer with many audiences, to that of one with one. */
  readonly audiencesRatio?: number;
  /** Of a bench that compares two numbers of readers: each, where `ratio` is that of their p99. */
  readonly few?: Spread;
  readonly many?: Spread;
  /** Of `streams`: how many there are, used or idle. */
  readonly readers?: number;
  /** Processors that the server and its database use for the idle streams. */
  readonly idleCores?: number;
  readonly cpuSeconds?: CpuUse | undefined;
  /** What ran, in words. */
  readonly ran: string;
}

export interface Spread {
  readonly readers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Figure =
  | 'perSecond'
  | 'ratio'
  | 'ratioMin'
  | 'ratioMost'
  | 'audiencesRatio'
  | 'worstRoundRatio'
  | 'p50Ms'
  | 'p95Ms'
  | 'p99Ms'
  | 'memoryGrowthMb'
  | 'othersP99Ratio'
  | 'idleCores';

/**
 * Bounds of figures: rates and ratios are to be at least, times and sizes less than theirs. `ratioMost`
 * is the bound of a ratio that is to be small.
 */
export type Target = Partial<Readonly<Record<Figure, number>>>;

export interface Judged extends Measurement {
  readonly target: Target;
  /** `noisy`: the pairs lie so far apart that the figures mean nothing. */
  readonly verdict: 'reached' | 'missed' | 'none' | 'noisy';
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  /** How many objects unless --objects says otherwise. */
  readonly objects: number;
  /** Yields each measurement with the target that it is held against. */
  run(objects: number): AsyncIterable<{ measured: Measurement; target: Target }>;
}

const AT_LEAST: ReadonlySet<string> = new Set(['perSecond', 'ratio', 'ratioMin', 'audiencesRatio']);

/** Pairs whose ratios lie further apart than this say nothing about the server. */
const SPREAD_MAX = 1.8;

export function judge(measured: Measurement, target: Target): Judged {
  const bounds = Object.entries(target) as [Figure, number][];
  const missed = bounds.some(
    ([figure, bound]) => !keeps(figure, measured[figure === 'ratioMost' ? 'ratio' : figure], bound),
  );
  const verdict = isNoisy(measured)
    ? 'noisy'
    : bounds.length === 0
      ? 'none'
      : missed
        ? 'missed'
        : 'reached';
  return { ...measured, target, verdict };
}

function isNoisy({ ratioMin, ratioMax }: Measurement): boolean {
  return ratioMin !== undefined && ratioMax !== undefined && ratioMax > ratioMin * SPREAD_MAX;
}

function keeps(figure: Figure, value: number | undefined, bound: number): boolean {
  if (value === undefined) return false;
  return AT_LEAST.has(figure) ? value >= bound : value < bound;
}

/** For people: `perSecond >= 15000`. */
export function describeTarget(target: Target): string {
  return Object.entries(target)
    .map(([figure, bound]) => `${figure} ${AT_LEAST.has(figure) ? '>=' : '<'} ${bound}`)
    .join(', ');
}

/** The value below which this part of the sample lies (nearest rank); the sample is not empty. */
export function percentile(sample: readonly number[], part: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return rounded(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN, 2);
}

export function rounded(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

/** Runs `work` and tells how long it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - start) / 1000 };
}

/** Objects, seconds and rate of a measurement. */
export function rate(objects: number, seconds: number) {
  return { objects, seconds: rounded(seconds, 3), perSecond: rounded(objects / seconds) };
}
