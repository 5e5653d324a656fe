import type { Sample } from './well-behaved.ts';

/** The value below which `share` of the values lie; 0 where there is none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** The 99th percentile of what was due in this span, in milliseconds, rounded. */
export function p99Within(samples: readonly Sample[], fromMs: number, toMs: number): number {
  const due = samples.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs);
  return Math.round(
    quantile(
      due.map(({ tookMs }) => tookMs),
      0.99,
    ),
  );
}
