import type { AttemptRecord } from '../store/deliveries/attempts.ts';
import type { Logger } from '../telemetry.ts';
import type { DeliveryMetrics } from './metrics.ts';

/** One wide line per attempt. It names no content, no answer, and no address that may hold a secret. */
export function reportAttempt(
  { logger, metrics }: { readonly logger: Logger; readonly metrics: DeliveryMetrics },
  attempt: AttemptRecord,
): void {
  const { detail: _, startedAt: __, ...line } = attempt;
  logger.info(line, 'delivery attempt');
  metrics.attempts.inc({ outcome: attempt.outcome });
  if (attempt.outcome === 'delivered') metrics.delivered.inc(attempt.objects);
}
