import { randomBytes } from 'node:crypto';
import { Problem } from '../errors.ts';
import { noteAttempt, type AttemptRecord } from '../store/deliveries/attempts.ts';
import { findEndpoint } from '../store/deliveries/leases.ts';
import type { DeliveryContext } from './deliver.ts';
import { openUrl } from './endpoint-url.ts';
import { testPayload } from './payload.ts';
import { reportAttempt } from './report-attempt.ts';
import { openSecrets } from './secrets.ts';
import { send } from './send.ts';

export interface TestOutcome {
  readonly outcome: 'delivered' | 'failed';
  readonly status: number | null;
  readonly detail: string | null;
  readonly durationMs: number;
}

export type TestContext = Pick<
  DeliveryContext,
  'db' | 'keyring' | 'clock' | 'egress' | 'logger' | 'metrics'
>;

/** Sends a signed test event to an endpoint, whatever its state, and records the attempt. */
export async function sendTestEvent(
  context: TestContext,
  subscriptionId: string,
  organisationId: number,
): Promise<TestOutcome> {
  const { db, keyring, clock, egress } = context;
  const endpoint = await findEndpoint(db, subscriptionId, organisationId);
  if (endpoint === undefined) throw new Problem('not_found', 'Subscription not found');
  const startedAt = clock.now();
  const startMs = performance.now();
  const payload = testPayload(subscriptionId, startedAt, randomBytes(18).toString('base64url'));
  const secrets = openSecrets(keyring, subscriptionId, endpoint.secret, startedAt.getTime());
  const url = openUrl(keyring, subscriptionId, endpoint.url);
  const sent = await send(egress, { url, secrets }, payload, startedAt.getTime());
  const durationMs = Math.round(performance.now() - startMs);
  const { status, detail } = sent;
  const outcome = status !== null && status >= 200 && status < 300 ? 'delivered' : 'failed';
  const attempt: AttemptRecord = {
    subscriptionId,
    organisationId,
    webhookId: payload.webhookId,
    kind: 'test',
    outcome,
    status,
    detail,
    objects: 0,
    withdrawn: 0,
    bytes: payload.bytes,
    fromSeq: 0,
    toSeq: 0,
    startedAt,
    durationMs,
  };
  reportAttempt(context, attempt);
  await noteAttempt(db, attempt);
  return { outcome, status, detail, durationMs };
}
