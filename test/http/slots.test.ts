import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { follow, type Following } from '../support/follow.ts';
import { collectLog } from '../support/log-lines.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const SETTINGS = {
  TOCSIN_REQUESTS_PER_KEY: '2',
  TOCSIN_REQUESTS_PER_ORGANISATION: '3',
  TOCSIN_REQUESTS_MAX: '7',
  TOCSIN_STREAMS_PER_KEY: '2',
  TOCSIN_STREAMS_PER_ORGANISATION: '3',
  TOCSIN_STREAMS_MAX: '7',
};

let tocsin: Tocsin;
const logged = collectLog();

beforeAll(async () => {
  tocsin = await startTocsin({ settings: SETTINGS, logger: logged.logger });
});
afterAll(() => tocsin.close());

/** A request whose body never ends. */
async function underWay(key: string): Promise<Socket> {
  const { hostname, port } = new URL(tocsin.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    `POST /api/v1/bundles HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\nexpect: 100-continue\r\n` +
      'content-type: application/x-ndjson\r\ncontent-length: 100\r\n\r\n',
  );
  // The server says so once the key has been checked, or refuses.
  await once(socket, 'data');
  return socket;
}

const tries = async (actor: Actor, path: string) => {
  const response = await fetch(`${tocsin.url}/api/v1${path}`, {
    headers: { 'x-api-key': actor.key },
    signal: AbortSignal.timeout(20_000),
  });
  const told = response.ok ? undefined : ((await response.json()) as { code: string });
  await response.body?.cancel().catch(() => undefined);
  return [response.status, told?.code, response.headers.get('retry-after')];
};

const TOO_MANY = [429, 'too_many_at_once', '1'];
const BUSY = [503, 'server_busy', '1'];

it('requests under way are limited, of a key, an organisation and the server', async () => {
  const [alice, bob, carol] = [await anActor(tocsin), await anActor(tocsin), await anActor(tocsin)];
  const other = await alice.as('publisher');
  const open: Socket[] = [];
  expect(await tries(alice, '/me')).toEqual([200, undefined, null]);
  open.push(await underWay(alice.key), await underWay(alice.key));
  expect(await tries(alice, '/me')).toEqual(TOO_MANY);
  open.push(await underWay(other.key));
  expect(await tries(other, '/me')).toEqual(TOO_MANY);
  open.push(await underWay(bob.key), await underWay(bob.key));
  // The others leave something to one that has nothing, and it has to leave as much.
  open.push(await underWay(carol.key));
  expect(await tries(carol, '/me')).toEqual(BUSY);
  // Those who are not members are answered all the same.
  expect((await fetch(`${tocsin.url}/healthz`)).status).toBe(200);
  for (const socket of open) socket.destroy();
  await logged.seen(({ route, aborted }) => route === '/api/v1/bundles' && aborted === true, 6);
  for (const actor of [alice, other, bob, carol]) {
    expect(await tries(actor, '/me')).toEqual([200, undefined, null]);
  }
});

it('streams are limited likewise, and leave requests alone', async () => {
  const [alice, bob, carol] = [await anActor(tocsin), await anActor(tocsin), await anActor(tocsin)];
  const other = await alice.as('feed');
  const open: Following[] = [];
  open.push(await follow(tocsin, alice), await follow(tocsin, alice));
  expect(await tries(alice, '/stream')).toEqual(TOO_MANY);
  open.push(await follow(tocsin, other));
  expect(await tries(other, '/stream')).toEqual(TOO_MANY);
  open.push(await follow(tocsin, bob), await follow(tocsin, bob), await follow(tocsin, carol));
  expect(await tries(carol, '/stream')).toEqual(BUSY);
  for (const actor of [alice, other, bob, carol]) {
    expect(await tries(actor, '/me')).toEqual([200, undefined, null]);
  }
  await Promise.all(open.map((stream) => stream.close()));
  await logged.seen(({ route, aborted }) => route === '/api/v1/stream' && aborted === true, 6);
  const again = await follow(tocsin, carol);
  await again.close();
});
