import type { Egress } from '../egress/egress.ts';
import { Problem } from '../errors.ts';
import { notifySubscriptions } from '../store/deliveries/subscriptions.ts';
import { sendTestEvent, type TestContext, type TestOutcome } from './test-event.ts';
import type { Worker } from './worker.ts';

/** What a door asks of the deliveries beyond their records. */
export interface Webhooks {
  /** Throws Problem egress_refused when nothing may be sent to this address. */
  check(url: string): Promise<void>;
  /** A subscription was created or changed: look at it now. */
  changed(): void;
  /** Sends a signed test event now and returns its outcome. */
  test(subscriptionId: string, organisationId: number): Promise<TestOutcome>;
}

/** `worker` is that of this process, if it has one. */
export function createWebhooks(context: TestContext, worker: Worker | undefined): Webhooks {
  return {
    check: (url) => checkUrl(context.egress, url),
    changed: () => {
      worker?.nudge();
      // A worker elsewhere that is not told looks for itself within a second.
      void notifySubscriptions(context.db).catch(() => undefined);
    },
    test: (id, organisationId) => sendTestEvent(context, id, organisationId),
  };
}

async function checkUrl(egress: Pick<Egress, 'check'>, url: string): Promise<void> {
  const refusal = await egress.check(url);
  if (refusal === undefined) return;
  const extra = { reason: refusal.code };
  throw new Problem('egress_refused', refusal.detail, { path: 'body.url', extra });
}
