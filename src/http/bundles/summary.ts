import { z } from 'zod';
import type { ObjectResult, Outcome } from '../../indicators/results.ts';
import type { Finding } from '../../stix/check/finding.ts';
import type { Services } from '../context.ts';

const count = z.number().int();

/** How many objects had each outcome. */
export const SummaryAnswer = z.object({
  created: count,
  updated: count,
  unchanged: count,
  stale: count,
  rejected: count,
});

export type Summary = Record<Outcome, number>;

export function emptySummary(): Summary {
  return { created: 0, updated: 0, unchanged: 0, stale: 0, rejected: 0 };
}

/** How many objects had each outcome. */
export function summaryOf(results: readonly ObjectResult[]): Summary {
  const summary = emptySummary();
  for (const { outcome } of results) summary[outcome]++;
  return summary;
}

/** Counts outcomes, for the answer and for the metrics. */
export function summarise({ metrics }: Services, results: readonly ObjectResult[]): Summary {
  const summary = summaryOf(results);
  for (const [outcome, count] of Object.entries(summary)) {
    if (count > 0) metrics.objects.inc({ outcome }, count);
  }
  return summary;
}

/** What was posted: a bundle, or objects without one. */
interface Posted {
  readonly id?: string | undefined;
  /** What is doubtful about the bundle itself. */
  readonly warnings?: readonly Finding[] | undefined;
}

/** The answer to a bundle without its results, which come last. `tocsin import` prints the same. */
export function bundleHead({ id, warnings = [] }: Posted, dryRun: boolean, summary: Summary) {
  const doubts: { warnings?: Finding[] } = warnings.length === 0 ? {} : { warnings: [...warnings] };
  return { bundle: id ?? null, dry_run: dryRun, ...doubts, summary };
}
