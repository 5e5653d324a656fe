import { describeTarget, type Judged } from './measurement.ts';

const NAMES: Readonly<Record<string, string>> = {
  objects: 'objects',
  seconds: 'seconds',
  perSecond: 'per second',
  floorPerSecond: 'floor per second',
  ratio: 'of the floor',
  ratioMin: 'at the least',
  ratioMax: 'at the most',
  worstRoundRatio: 'slowest round',
  postsPerSecond: 'posts per second',
  objectsPerPost: 'objects per post',
  subscribers: 'subscribers',
  p50Ms: 'p50, ms',
  p95Ms: 'p95, ms',
  p99Ms: 'p99, ms',
  memoryGrowthMb: 'memory growth, MB',
  othersP99Ratio: "others' p99",
};

/** One measurement as a small table on standard output. */
export function printForPeople(judged: Judged, toBaseline: object): void {
  console.log(`${judged.bench}: ${judged.ran}`);
  for (const [figure, name] of Object.entries(NAMES)) {
    const value: unknown = Reflect.get(judged, figure);
    const before: unknown = Reflect.get(toBaseline, figure);
    const beside = typeof before === 'number' ? `  (${before} of the baseline)` : '';
    if (typeof value === 'number') console.log(`  ${name.padEnd(18)} ${format(value)}${beside}`);
  }
  const target = describeTarget(judged.target);
  if (target !== '') console.log(`  ${judged.verdict.padEnd(18)} ${target}`);
  console.log();
}

function format(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 3 }).padStart(12);
}
