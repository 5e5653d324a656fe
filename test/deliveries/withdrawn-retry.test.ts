import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, slug } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Sent {
  readonly withdrawn: string[];
}

let tocsin: Tocsin;
let receiver: Server;
let status = 500;
const bodies: Sent[] = [];

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: Sent };
      bodies.push(data);
      response.writeHead(status).end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterAll(async () => {
  await tocsin.close();
  receiver.close();
});

it('continues after a batch of which nothing is left at the next attempt', async () => {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const { port } = receiver.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  await reader.sends('post', '/subscriptions').send({ url }).expect(201);
  const object = indicator();
  await sharer.shares(object);
  await expect.poll(() => bodies.length).toBe(1);

  await sharer.shares(newer(object), { audience: sharer.slug });
  status = 200;
  tocsin.clock.advance(3_600_000);
  await expect.poll(() => bodies.at(-1)?.withdrawn).toEqual([object.id]);
});
