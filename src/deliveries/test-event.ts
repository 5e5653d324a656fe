import { randomBytes } from 'node:crypto';
import { Problem } from '../errors.ts';
import { noteAttempt } from '../store/attempts.ts';
import { findEndpoint } from '../store/leases.ts';
import type { DeliveryContext } from './deliver.ts';
import { testPayload } from './payload.ts';
import { openSecrets } from './secrets.ts';
import { send } from './send.ts';

export interface TestOutcome {
  readonly outcome: 'delivered' | 'failed';
  readonly status: number | null;
  readonly detail: string | null;
  readonly durationMs: number;
}

/** Sends a signed test event to an endpoint, whatever its state, and records the attempt. */
export async function sendTestEvent(
  context: Pick<DeliveryContext, 'db' | 'keyring' | 'clock' | 'egress'>,
  subscriptionId: string,
  organisationId: number,
): Promise<TestOutcome> {
  const { db, keyring, clock, egress } = context;
  const endpoint = await findEndpoint(db, subscriptionId, organisationId);
  if (endpoint === undefined) throw new Problem('not_found', 'There is no such subscription');
  const startedAt = clock.now();
  const startMs = performance.now();
  const payload = testPayload(subscriptionId, startedAt, randomBytes(18).toString('base64url'));
  const secrets = openSecrets(keyring, subscriptionId, endpoint.secret, startedAt.getTime());
  const sent = await send(egress, { url: endpoint.url, secrets }, payload, startedAt.getTime());
  const durationMs = Math.round(performance.now() - startMs);
  const { status, detail } = sent;
  const outcome = status !== null && status >= 200 && status < 300 ? 'delivered' : 'failed';
  await noteAttempt(db, {
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
  });
  return { outcome, status, detail, durationMs };
}
