import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http'] });
});
afterAll(async () => tocsin.close());

/** Sends so many requests at once on one connection; how many answers come back before it is closed. */
async function answersTo(count: number): Promise<number> {
  const { hostname: host, port } = new URL(tocsin.url);
  const socket = connect({ host, port: Number(port) });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const last = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count - 1) + last);
  await once(socket, 'close');
  return text.split('HTTP/1.1 200').length - 1;
}

describe('requests that a client pipelines', () => {
  it('are all answered up to the limit', async () => {
    expect(await answersTo(32)).toBe(32);
  });

  it('end the connection beyond it', async () => {
    expect(await answersTo(500)).toBeLessThan(500);
  });
});
