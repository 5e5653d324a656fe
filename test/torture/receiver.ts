import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { put, withdrawal, type Ledger } from './ledger.ts';
import type { Random } from './random.ts';

/** How a receiver behaves while there are faults; afterwards all are good. */
export type Manner = 'good' | 'slow' | 'flaky';

export interface Receiver {
  readonly url: string;
  /** Its reader in the ledger and the secret of its subscription, once that is made. */
  expect(name: string, secret: string): void;
  behave(manner: Manner): void;
  close(): Promise<void>;
}

const Payload = z.object({
  data: z.object({
    bundle: z.object({ objects: z.array(z.looseObject({ id: z.string() })) }),
    context: z.array(z.unknown()),
    withdrawn: z.array(z.string()),
  }),
});

/** Listens on loopback for one endpoint, verifies what comes and notes it in the ledger. */
export async function startReceiver(ledger: Ledger, random: Random): Promise<Receiver> {
  let manner: Manner = 'good';
  let reader: { name: string; webhook: Webhook } | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const beganMs = performance.now();
    const trouble = manner === 'flaky' ? random.between(0, 9) : 9;
    if (trouble === 0) return void request.socket.destroy();
    const body = await bodyOf(request);
    if (reader === undefined) return void response.writeHead(404).end();
    const id = String(request.headers['webhook-id']);
    const status = trouble === 1 ? 500 : trouble === 2 ? 429 : 200;
    const taken = status === 200 && trouble !== 3;
    const seen = read(reader.webhook, body, request);
    ledger.batches.push({ reader: reader.name, id, beganMs, taken, seen });
    // It has taken what came, and answers late: its sender may be dead by then, and another
    // worker has continued.
    if (manner === 'slow' && random.chance(0.3)) await delay(random.between(50, 2500));
    // Cut off after it was read: the server cannot know, and must send it again.
    if (trouble === 3) request.socket.destroy();
    else response.writeHead(status).end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    expect: (name, secret) => {
      reader = { name, webhook: new Webhook(secret) };
    },
    behave: (next) => {
      manner = next;
    },
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What a webhook says, in order; throws where its signature does not hold. */
function read(webhook: Webhook, body: Buffer, { headers }: IncomingMessage) {
  const { data } = Payload.parse(
    webhook.verify(body, {
      'webhook-id': String(headers['webhook-id']),
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    }),
  );
  // Behind the objects of the log, the bundle has the definitions of their levels.
  const objects = data.bundle.objects.slice(0, data.context.length);
  return [...data.withdrawn.map(withdrawal), ...objects.map(put)];
}
