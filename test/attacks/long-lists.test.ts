/** Requests for lists that are made and written in one piece: each holds up the whole process for a while. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let attacker: Actor;
let member: Actor;
let sockets: Socket[] = [];

beforeAll(async () => {
  tocsin = await startTocsin();
  [attacker, member] = [await anActor(tocsin), await anActor(tocsin)];
  const armour = 'A'.repeat(20_000);
  const contact = { role: 'technical', name: 'A', pgp_key: armour, smime_certificate: armour };
  const contacts = Array.from({ length: 10 }, () => ({ ...contact, shown: true }));
  await attacker.sends('patch', `/organisations/${attacker.slug}`).send({ contacts }).expect(200);
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await tocsin.close();
});

async function ask(count: number, path: string): Promise<void> {
  const { hostname, port } = new URL(tocsin.url);
  sockets = Array.from({ length: count }, () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined).resume();
    socket.write(`GET /api/v1${path} HTTP/1.1\r\nhost: x\r\nx-api-key: ${attacker.key}\r\n\r\n`);
    return socket;
  });
  await Promise.race(sockets.map((socket) => once(socket, 'data')));
}

function answered(): number {
  return sockets.filter(({ bytesRead }) => bytesRead > 0).length;
}

it('delay another member by those under way, not by all of them', async () => {
  await ask(64, '/organisations');
  const before = answered();
  await member.sends('get', '/me').expect(200);
  expect(answered() - before).toBeLessThan(24);
});
