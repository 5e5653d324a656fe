import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http'] });
});
afterAll(() => tocsin.close());

/** Sends a request line as it is, and returns the whole response. */
async function answered(line: string): Promise<string> {
  const { hostname: host, port } = new URL(tocsin.url);
  const socket = connect({ host, port: Number(port) });
  await once(socket, 'connect');
  socket.write(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

describe('a request target', () => {
  it.each([
    'GET *',
    'HEAD *',
    'POST *',
    'DELETE *',
    'GET *?x',
    'OPTIONS *x',
    'GET ftp://x/healthz',
  ])('that is neither a path nor an HTTP URL is rejected: %s', async (line) => {
    const answer = await answered(line);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    if (line !== 'HEAD *') expect(answer).toContain('"code":"invalid_request"');
  });

  it.each(['GET /healthz', 'GET http://x/healthz', 'GET HTTPS://x/healthz'])(
    'that is a path or an HTTP URL is served: %s',
    async (line) => {
      expect(await answered(line)).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  it('may be an asterisk for OPTIONS', async () => {
    expect(await answered('OPTIONS *')).toMatch(/^HTTP\/1\.1 204 /);
  });
});
