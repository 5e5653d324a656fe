import type { RequestListener } from 'node:http';
import { getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createEgress } from '../../src/egress/egress.ts';
import { createCertificate } from './certificate.ts';
import { receiveHttp, receiveRaw, type Receiver } from './receiver.ts';

const trusted = createCertificate('receiver.example.com');
const expired = createCertificate('receiver.example.com', '20210101000000Z');
const unknown = createCertificate('receiver.example.com');
const authorities = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...authorities, trusted.cert, expired.cert]));
afterAll(() => setDefaultCACertificates(authorities));

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.();
});

async function kept(starting: Promise<Receiver>): Promise<Receiver> {
  const started = await starting;
  cleanups.push(async () => {
    await started.abandoned();
    await started.close();
  });
  return started;
}

function egressToLoopback() {
  const egress = createEgress({ allow: ['127.0.0.1/32'], resolve: async () => ['127.0.0.1'] });
  cleanups.push(() => egress.close());
  return egress;
}

const ask = { method: 'GET', timeoutMs: 5_000 } as const;
const answer: RequestListener = ({ socket, headers }, response) => {
  const servername = socket instanceof TLSSocket ? socket.servername : undefined;
  response.end(JSON.stringify({ servername, host: headers.host }));
};

it('a name keeps its name in TLS and HTTP though its address is pinned', async () => {
  const { port, accepted } = await kept(receiveHttp(answer, trusted));
  const egress = egressToLoopback();
  for (let round = 0; round < 3; round += 1) {
    const outcome = await egress.request({ ...ask, url: `https://receiver.example.com:${port}/` });
    expect(outcome.ok && JSON.parse(outcome.body.toString())).toEqual({
      servername: 'receiver.example.com',
      host: `receiver.example.com:${port}`,
    });
  }
  expect(accepted()).toBe(1);
});

it.each([
  ['self-signed', unknown, 'receiver.example.com'],
  ['for another name', trusted, 'other.example.com'],
  ['for a name, asked by address', trusted, '127.0.0.1'],
  ['expired', expired, 'receiver.example.com'],
])('a certificate that is %s is refused', async (_case, certificate, hostname) => {
  let requests = 0;
  const receiver = await kept(
    receiveHttp((_request, response) => response.end(++requests), certificate),
  );
  const url = `https://${hostname}:${receiver.port}/`;
  const outcome = await egressToLoopback().request({ ...ask, url });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_tls', stage: 'connect' });
  expect(requests).toBe(0);
  await receiver.abandoned();
});

it('a receiver that speaks no TLS is refused', async () => {
  const receiver = await kept(receiveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')));
  const url = `https://receiver.example.com:${receiver.port}/`;
  const outcome = await egressToLoopback().request({ ...ask, url });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_tls', stage: 'connect' });
});

it('a handshake that is cut off is a reset', async () => {
  const receiver = await kept(receiveRaw((socket) => socket.resetAndDestroy()));
  const url = `https://receiver.example.com:${receiver.port}/`;
  const outcome = await egressToLoopback().request({ ...ask, url });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_reset', stage: 'connect' });
});

it('a handshake that is never answered is ended at the deadline', async () => {
  const receiver = await kept(receiveRaw(() => {}));
  const url = `https://receiver.example.com:${receiver.port}/`;
  const outcome = await egressToLoopback().request({ ...ask, url, timeoutMs: 150 });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_timeout', stage: 'connect' });
  await receiver.abandoned();
});
