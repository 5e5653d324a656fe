import type { AbuseOutcome } from './abuse.ts';

/** What a well-behaved member may notice of all the abuse, at most. */
const P99_RATIO_MAX = 10;
const P99_MS_MAX = 2000;
const MEMORY_MAX_MB = 1200;

/** Whether the server lived, lost nothing, stayed within its memory, and served the well-behaved in time. */
export function isUnharmed(outcome: AbuseOutcome): boolean {
  const { died, lost, memoryMaxMb, p99Ms, p99Ratio, accepted } = outcome;
  return (
    died === 0 &&
    lost === 0 &&
    accepted > 0 &&
    memoryMaxMb < MEMORY_MAX_MB &&
    p99Ms < P99_MS_MAX &&
    p99Ratio < P99_RATIO_MAX
  );
}
