import type { AttemptRecord } from '../store/deliveries/attempts.ts';
import type { Log } from '../telemetry.ts';
import type { DeliveryMetrics } from './metrics.ts';

/** One wide line per attempt. It names no content, no answer, and no address that may hold a secret. */
export function reportAttempt(
  { log, metrics }: { readonly log: Log; readonly metrics: DeliveryMetrics },
  attempt: AttemptRecord,
): void {
  const { detail: _, startedAt: __, ...line } = attempt;
  log.info(line, 'delivery attempt');
  metrics.attempts.inc({ outcome: attempt.outcome });
  if (attempt.outcome === 'delivered') metrics.delivered.inc(attempt.objects);
}
