import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** A receiver of webhooks that remembers which objects came. */
export interface Inbox {
  has(stixId: string): boolean;
  /** Subscribes it, from now on, with the key of an organisation's administrator. */
  subscribe(url: string, key: string): Promise<void>;
  close(): Promise<void>;
}

const Payload = z.object({
  data: z.object({ bundle: z.object({ objects: z.array(z.looseObject({ id: z.string() })) }) }),
});

export async function listenForWebhooks(): Promise<Inbox> {
  const ids = new Set<string>();
  const take = async (request: IncomingMessage): Promise<void> => {
    const { data } = Payload.parse(JSON.parse(await text(request)));
    for (const { id } of data.bundle.objects) ids.add(id);
  };
  const server = createServer((request, response) => {
    take(request).then(
      () => response.writeHead(204).end(),
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    has: (stixId) => ids.has(stixId),
    subscribe: async (url, key) => {
      const answer = await fetch(`${url}/api/v1/subscriptions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: `http://127.0.0.1:${port}/hook` }),
      });
      if (answer.status !== 201) throw new Error(`No subscription: ${await answer.text()}`);
      await answer.body?.cancel();
    },
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
