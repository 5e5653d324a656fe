import { z } from 'zod';
import type { ObjectResult, Outcome } from '../../indicators/results.ts';
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

/** Counts outcomes, for the answer and for the metrics. */
export function summarise({ metrics }: Services, results: readonly ObjectResult[]): Summary {
  const summary = emptySummary();
  for (const { outcome } of results) summary[outcome]++;
  for (const [outcome, count] of Object.entries(summary)) {
    if (count > 0) metrics.objects.inc({ outcome }, count);
  }
  return summary;
}
