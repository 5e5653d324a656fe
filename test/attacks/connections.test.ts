/** Connections by the thousand from one network, whether or not they send anything. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const LIMIT = 8;

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_CONNECTIONS_PER_NETWORK: String(LIMIT) } });
});
afterAll(() => tocsin.close());

async function opened(url: string, localAddress = '127.0.0.1'): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const REQUEST = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

/** What a connection is answered; nothing where the server closed it. */
async function answered(socket: Socket): Promise<string> {
  socket.write(REQUEST);
  return text(socket).catch(() => '');
}

/** Asks on a new connection until it is answered, since the server learns a little later of an end. */
async function isServed(url: string): Promise<void> {
  await expect
    .poll(async () => answered(await opened(url)), { timeout: 30_000 })
    .toMatch(/^HTTP\/1\.1 200/);
}

describe('connections', () => {
  it('beyond the limit of their network are closed before anything is read', async () => {
    await isServed(tocsin.url);
    const silent = await Promise.all(Array.from({ length: LIMIT }, () => opened(tocsin.url)));
    for (let i = 0; i < 3; i++) expect(await answered(await opened(tocsin.url))).toBe('');
    // Another network has its own.
    expect(await answered(await opened(tocsin.url, '127.0.0.2'))).toMatch(/^HTTP\/1\.1 200/);
    for (const socket of silent) socket.destroy();
    await isServed(tocsin.url);
  });

  it('of a trusted proxy are those of many clients, and not counted', async () => {
    const server = await tocsin.another(['http'], { TOCSIN_TRUSTED_PROXIES: '127.0.0.1/32' });
    const silent = await Promise.all(Array.from({ length: LIMIT }, () => opened(server.url)));
    expect(await answered(await opened(server.url))).toMatch(/^HTTP\/1\.1 200/);
    for (const socket of silent) socket.destroy();
    await server.close();
  });
});
