/** Histories one after another, until so much has been compared. */
import { liveThrough } from './history.ts';
import { countChecks, newJudge, type Judge } from './judge.ts';
import type { Size } from './plan-content.ts';
import { planHistory } from './plan.ts';
import { shrink, tell } from './shrink.ts';
import type { Ground } from './world.ts';

export interface Leaks {
  readonly checks: number;
  readonly leaked: number;
  readonly missing: number;
  /** (viewer, thing, door) triples compared, by door. */
  readonly doors: Readonly<Record<string, number>>;
  readonly seed: number;
  /** The first history that failed, shrunk, in words. */
  readonly failure?: string;
}

export interface LeaksOptions {
  readonly seed: number;
  /** How many comparisons at least. */
  readonly checks: number;
  readonly size: Size;
  /** How many histories at most. */
  readonly historiesMax?: number;
  readonly signal?: AbortSignal;
}

export const NO_LEAKS: Leaks = { checks: 0, leaked: 0, missing: 0, doors: {}, seed: 0 };

/** Both together, under the seed of the first. */
export function addLeaks(one: Leaks, other: Leaks): Leaks {
  const doors: Record<string, number> = { ...one.doors };
  for (const [door, count] of Object.entries(other.doors)) doors[door] = (doors[door] ?? 0) + count;
  const failure = one.failure ?? other.failure;
  return {
    checks: one.checks + other.checks,
    leaked: one.leaked + other.leaked,
    missing: one.missing + other.missing,
    doors,
    seed: one.seed,
    ...(failure === undefined ? {} : { failure }),
  };
}

export const USUAL_SIZE: Size = { steps: 30, objects: 360 };

/** Histories lived through at once: one waits while the other computes. */
const LANES = 2;

/** Lives through the histories of seed, seed + 1 … ; `onHistory` hears how far it has come. */
export async function findLeaks(
  ground: Ground,
  { seed, checks, size, historiesMax = Infinity, signal }: LeaksOptions,
  onHistory: (checks: number) => void = () => undefined,
): Promise<Leaks> {
  const judges: Judge[] = [];
  const done = (): number => judges.reduce((sum, judge) => sum + countChecks(judge), 0);
  let next = seed;
  let failure: string | undefined;
  const goesOn = (): boolean =>
    done() < checks && next < seed + historiesMax && failure === undefined && !signal?.aborted;
  const lane = async (): Promise<void> => {
    while (goesOn()) {
      const plan = planHistory(next++, size);
      const judge = newJudge();
      judges.push(judge);
      const at = await liveThrough(ground, plan, judge);
      onHistory(done());
      const [finding] = judge.findings;
      if (at === undefined || finding === undefined) continue;
      failure ??= tell(await shrink(ground, { plan, finding, at }));
    }
  };
  // None is left under way: it would meet what the next test breaks.
  const ended = await Promise.allSettled(Array.from({ length: LANES }, lane));
  const stopped = ended.find((end) => end.status === 'rejected');
  if (stopped !== undefined) throw stopped.reason;
  const found = { ...NO_LEAKS, ...(failure === undefined ? {} : { failure }), seed };
  return judges.map(inFigures).reduce(addLeaks, found);
}

function inFigures(judge: Judge): Leaks {
  const { checks, findings } = judge;
  return {
    checks: countChecks(judge),
    leaked: findings.filter(({ kind }) => kind === 'leaked').length,
    missing: findings.filter(({ kind }) => kind === 'missing').length,
    doors: Object.fromEntries(checks),
    seed: 0,
  };
}
