import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { startReceiver, type Manner, type Receiver } from './receiver.ts';
import type { Stage } from './stage.ts';

interface Endpoint {
  readonly organisation: string;
  readonly manner: Manner;
  readonly batchMax: number;
  readonly types?: readonly string[];
}

const ENDPOINTS: readonly Endpoint[] = [
  { organisation: 'cert-a', manner: 'good', batchMax: 500 },
  { organisation: 'cert-a', manner: 'flaky', batchMax: 7 },
  { organisation: 'cert-b', manner: 'slow', batchMax: 50 },
  { organisation: 'cert-b', manner: 'good', batchMax: 20, types: ['malware'] },
  { organisation: 'agency-c', manner: 'flaky', batchMax: 100 },
  { organisation: 'ally-d', manner: 'good', batchMax: 1 },
  { organisation: 'partner-e', manner: 'flaky', batchMax: 500 },
  { organisation: 'outsider-f', manner: 'good', batchMax: 500 },
];
/** From when the server reads a batch until it has been sent, on a machine that is busy. */
const WEBHOOK_HOLD_MS = 1500;

const Created = z.object({ secret: z.string() });

/** Starts a receiver for each endpoint and subscribes it, from the beginning. */
export async function subscribe(options: {
  readonly stage: Stage;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly door: () => string | undefined;
}): Promise<Receiver[]> {
  const receivers: Receiver[] = [];
  for (const [index, endpoint] of ENDPOINTS.entries()) {
    const name = `webhook ${index + 1} of ${endpoint.organisation}`;
    const receiver = await startReceiver(options.ledger, options.random.fork(name));
    receivers.push(receiver);
    const { organisation, batchMax, types } = endpoint;
    const answer = await fetch(`${options.door()}/api/v1/subscriptions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${options.stage.key(organisation, 'org_admin')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        url: receiver.url,
        batch_max: batchMax,
        start: 'beginning',
        filter: types === undefined ? {} : { types },
      }),
    });
    receiver.expect(name, Created.parse(await answer.json()).secret);
    receiver.behave(endpoint.manner);
    const holdMs = WEBHOOK_HOLD_MS;
    options.ledger.readers.set(name, { name, organisation, door: 'webhook', types, holdMs });
  }
  return receivers;
}
