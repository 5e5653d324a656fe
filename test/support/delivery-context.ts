import { randomUUID } from 'node:crypto';
import { createSharedContents } from '../../src/deliveries/contents.ts';
import type { DeliveryContext } from '../../src/deliveries/deliver.ts';
import { rememberEndpoints } from '../../src/deliveries/endpoints.ts';
import { createDeliveryMetrics } from '../../src/deliveries/metrics.ts';
import type { Egress } from '../../src/egress/egress.ts';
import { createLogger, createRegistry } from '../../src/telemetry.ts';
import type { Tocsin } from './tocsin.ts';

/** What a worker delivers with, for a test that delivers by itself; the server then has no worker. */
export function deliveryContext(
  { db, keyring, clock }: Tocsin,
  egress: Egress,
  workerId: string = randomUUID(),
): DeliveryContext {
  return {
    db,
    keyring,
    clock,
    egress,
    workerId,
    disclosures: { record: () => undefined },
    logger: createLogger('silent'),
    metrics: createDeliveryMetrics(createRegistry()),
    contents: createSharedContents(),
    endpoints: rememberEndpoints(keyring),
    changesHeard: () => 0,
    random: () => 0,
  };
}

/** Gives the lease of a subscription to a worker of the test. */
export async function giveLease({ sql }: Tocsin, id: string, workerId: string): Promise<void> {
  await sql(
    `update subscription set lease_owner = $2, lease_until = now() + interval '1 hour' where id = $1`,
    [id, workerId],
  );
}
