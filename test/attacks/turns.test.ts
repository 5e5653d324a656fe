/** Requests made to hold what others wait for: turns, and room in the budget of bytes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { anActor, keyOf, type Actor } from '../support/actors.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

/** More than there are turns at the same time. */
const MANY = 48;

let tocsin: Tocsin;
let attacker: Actor;
let member: Actor;
/** A key that may read the metrics. */
let watcher: string;
let siem: Webhooks;
let sockets: Socket[] = [];

beforeAll(async () => {
  siem = await receiveWebhooks();
  tocsin = await startTocsin({
    settings: {
      // Bodies may pause for longer than anybody waits for a turn.
      TOCSIN_BODY_PAUSE_SECONDS: '60',
      TOCSIN_EGRESS_ALLOW: '127.0.0.0/8',
      // Less than a page of changes takes room for.
      TOCSIN_BYTES_PER_ORGANISATION: '1048576',
    },
  });
  [attacker, member] = [await anActor(tocsin), await anActor(tocsin)];
  watcher = await keyOf(tocsin, member.slug, 'admin');
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
});
afterAll(async () => {
  await tocsin.close();
  await siem.close();
});

/** Sends the same bytes over so many connections. */
async function send(count: number, lines: readonly string[], body = ''): Promise<Socket[]> {
  const { hostname, port } = new URL(tocsin.url);
  const opened = Array.from({ length: count }, () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined).resume();
    socket.write(`${lines.join('\r\n')}\r\nhost: x\r\n\r\n${body}`);
    return socket;
  });
  sockets.push(...opened);
  await Promise.all(opened.map((socket) => once(socket, 'connect')));
  return opened;
}

/** The head of a request with a body of 1000 bytes, and the first of them. */
function beginBodies(count: number, path: string, header: string): Promise<Socket[]> {
  const type = 'content-type: application/json';
  const head = [`POST /api/v1${path} HTTP/1.1`, type, 'content-length: 1000', header];
  return send(count, head, '{"name":');
}

/** How many of them have been sent anything. */
function answered(opened: readonly Socket[]): number {
  return opened.filter(({ bytesRead }) => bytesRead > 0).length;
}

const asAttacker = (): string => `x-api-key: ${attacker.key}`;

function asksWhoItIs(): request.Test {
  return request(tocsin.url).get('/api/v1/me').set('x-api-key', member.key);
}

async function bytesInFlight(): Promise<number> {
  const { text } = await request(tocsin.url).get('/metrics').set('x-api-key', watcher).expect(200);
  return Number(/^tocsin_bytes_in_flight (\d+)$/m.exec(text)?.[1]);
}

it('nothing is worked on that is asked for behind a stream', async () => {
  const before = await bytesInFlight();
  const line = (path: string): string =>
    `GET /api/v1/${path} HTTP/1.1\r\nhost: x\r\n${asAttacker()}\r\n\r\n`;
  const [socket] = await send(1, [`GET /api/v1/stream HTTP/1.1`, asAttacker()], line('changes'));
  if (socket === undefined) throw new Error('There is no connection');
  await once(socket, 'close');
  expect(await bytesInFlight()).toBe(before);
});

describe('a member is served', () => {
  it('while strangers whose requests were refused do not end the bodies', async () => {
    const refused = await beginBodies(MANY, '/sharing-groups', 'connection: close');
    await asksWhoItIs().expect(200);
    expect(answered(refused)).toBe(0);
  });

  it('while another does not end the bodies that it sends', async () => {
    await beginBodies(MANY, '/sharing-groups', asAttacker());
    await asksWhoItIs().expect(200);
  });

  it('while the endpoint of another does not answer its tests', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    siem.answers(() => ({ after: promise }));
    const { id } = await subscribes(attacker, siem);
    await send(MANY, [
      `POST /api/v1/subscriptions/${id}/test HTTP/1.1`,
      asAttacker(),
      'content-length: 0',
    ]);
    await asksWhoItIs().expect(200);
    resolve();
  });

  it('while another waits for room that its own requests hold', async () => {
    await beginBodies(1, '/bundles', asAttacker());
    const waiting = await send(MANY, ['GET /api/v1/changes HTTP/1.1', asAttacker()]);
    await asksWhoItIs().expect(200);
    expect(answered(waiting)).toBe(0);
  });

  it('after clients have left while their keys were looked up', async () => {
    const before = await bytesInFlight();
    await tocsin.db.server.$transaction(async (tx) => {
      await tx.$executeRaw`lock table api_key in access exclusive mode`;
      const opened = await beginBodies(MANY, '/sharing-groups', asAttacker());
      const closed = opened.map((socket) => once(socket, 'close'));
      for (const socket of opened) socket.resetAndDestroy();
      await Promise.all(closed);
      // The server has seen what came before this.
      await request(tocsin.url).get('/healthz').expect(200);
    });
    await asksWhoItIs().expect(200);
    expect(await bytesInFlight()).toBe(before);
  });
});
