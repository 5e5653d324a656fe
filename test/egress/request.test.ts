import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { createEgress, type EgressOptions } from '../../src/egress/egress.ts';
import { receiveHttp, type Receiver } from './receiver.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  // Newest first: the egress lets go of its sockets, then the receivers confirm that none is left.
  while (cleanups.length > 0) await cleanups.pop()?.();
});

async function receiver(answer: RequestListener): Promise<Receiver> {
  const started = await receiveHttp(answer);
  cleanups.push(async () => {
    await started.abandoned();
    await started.close();
  });
  return started;
}

function egressTo(options: Partial<EgressOptions> = {}) {
  const egress = createEgress({ allow: ['127.0.0.1/32'], ...options });
  cleanups.push(() => egress.close());
  return egress;
}

const failToResolve = () => Promise.reject(new Error('SERVFAIL'));
const ask = { method: 'GET', timeoutMs: 5_000 } as const;

it('a request arrives as it was written, whatever its body is made of', async () => {
  const seen: { headers: IncomingHttpHeaders; bytes: number; sha256: string }[] = [];
  const { url, port, accepted } = await receiver((request, response) => {
    const hash = createHash('sha256');
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    request.on('end', () => {
      seen.push({ headers: request.headers, bytes, sha256: hash.digest('hex') });
      response.setHeader('x-path', request.url ?? '').end('taken');
    });
  });
  const egress = egressTo();
  const small = Array.from({ length: 500 }, (_, index) => Buffer.from(`line ${index} é\n`));
  const large = [Buffer.alloc(200_000, 'a'), Buffer.from('b'), Buffer.alloc(100_000, 'c')];
  const bodies = ['text é', Buffer.from('bytes'), [...small, ...large], [Buffer.from('one')], []];
  for (const body of bodies) {
    const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' };
    const outcome = await egress.request({
      ...ask,
      method: 'POST',
      url: `${url}a?b=c`,
      headers,
      body,
    });
    expect(outcome).toMatchObject({ ok: true, status: 200, truncated: false });
    if (outcome.ok) expect(outcome.body.toString()).toBe('taken');
    if (outcome.ok) expect(outcome.headers['x-path']).toBe('/a?b=c');
    const sent = typeof body === 'string' ? Buffer.from(body) : Buffer.concat([body].flat());
    const got = seen.at(-1);
    expect(got?.sha256).toBe(createHash('sha256').update(sent).digest('hex'));
    expect(got?.headers['content-length']).toBe(String(sent.length));
    expect(got?.headers).toMatchObject({ ...headers, host: `127.0.0.1:${port}` });
    expect(got?.headers['transfer-encoding']).toBeUndefined();
  }
  expect(accepted()).toBe(1);
});

it('a request is not redirected', async () => {
  const inner = await receiver((_request, response) => response.end('secret'));
  const { url } = await receiver((_request, response) => {
    response.writeHead(302, { location: inner.url }).end();
  });
  const outcome = await egressTo().request({ ...ask, url });
  expect(outcome).toMatchObject({ ok: true, status: 302, headers: { location: inner.url } });
  expect(inner.accepted()).toBe(0);
});

it.each([
  { 'x-name': 'a\r\nhost: b' },
  { 'x-name': 'a\nb' },
  { 'x-name': 'a\0b' },
  { 'x-name': 'a\u2028b' },
  { 'x name': 'a' },
  { 'x-a:\r\nx-b': 'a' },
  { '': 'a' },
  { Host: 'other.example.com' },
  { 'Content-Length': '5' },
  { 'transfer-encoding': 'chunked' },
  { CONNECTION: 'close' },
  { expect: '100-continue' },
])('a request with the header %j is refused before anything is sent', async (headers) => {
  const { url, accepted } = await receiver((_request, response) => response.end());
  const outcome = await egressTo().request({ ...ask, url, headers });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_header', stage: 'check' });
  expect(accepted()).toBe(0);
});

it.each([
  ['https://127.0.0.1/', 'egress_address'],
  ['https://2130706433/', 'egress_address'],
  ['https://[::ffff:7f00:1]/', 'egress_address'],
  ['https://[::1]:8443/', 'egress_address'],
  ['http://receiver.example.com/', 'egress_scheme'],
  ['https://receiver.example.com:9200/', 'egress_port'],
  ['https://receiver.example.com/', 'egress_address'],
  ['https://u:p@receiver.example.com/', 'egress_userinfo'],
  ['nonsense', 'egress_url'],
])('a request to %s is refused as it would be when saved (%s)', async (url, code) => {
  const egress = egressTo({ allow: [], resolve: async () => ['127.0.0.1'] });
  expect(await egress.request({ ...ask, url })).toMatchObject({ ok: false, code });
  expect(await egress.check(url)).toMatchObject({ code });
});

it('a name that was public when saved and is private when called is refused', async () => {
  const answers = [['9.9.9.9'], ['127.0.0.1']];
  const egress = egressTo({ allow: [], resolve: async () => answers.shift() ?? [] });
  const url = 'https://rebinding.example.com/';
  expect(await egress.check(url)).toBeUndefined();
  expect(await egress.request({ ...ask, url })).toMatchObject({
    ok: false,
    code: 'egress_address',
  });
});

it('a name is resolved once a connection, pinned to that answer, and vetted again for the next one', async () => {
  const { port, accepted } = await receiver((request, response) => {
    if (request.url === '/last') response.setHeader('connection', 'close');
    response.end(request.headers.host);
  });
  const answers = [['127.0.0.1'], ['127.0.0.2']];
  const egress = egressTo({ resolve: async () => answers.shift() ?? [] });
  const url = `http://rebinding.example.com:${port}/`;
  const first = await egress.request({ ...ask, url });
  expect(first.ok && first.body.toString()).toBe(`rebinding.example.com:${port}`);
  expect(await egress.request({ ...ask, url: `${url}last` })).toMatchObject({ ok: true });
  expect(accepted()).toBe(1);
  expect(answers).toHaveLength(1);
  expect(await egress.request({ ...ask, url })).toMatchObject({
    ok: false,
    code: 'egress_address',
  });
  expect(accepted()).toBe(1);
});

it('a name with a private address among its public ones is not called at all', async () => {
  const { port, accepted } = await receiver((_request, response) => response.end());
  const egress = egressTo({ resolve: async () => ['127.0.0.1', '10.0.0.1'] });
  const url = `http://receiver.example.com:${port}/`;
  expect(await egress.request({ ...ask, url })).toMatchObject({
    ok: false,
    code: 'egress_address',
  });
  expect(accepted()).toBe(0);
});

it('a name is reached on its next address where the first is closed', async () => {
  const { port } = await receiver((_request, response) => response.end());
  const egress = egressTo({
    allow: ['127.0.0.0/8'],
    resolve: async () => ['127.0.0.9', '127.0.0.1'],
  });
  const url = `http://receiver.example.com:${port}/`;
  expect(await egress.request({ ...ask, url })).toMatchObject({ ok: true, status: 200 });
});

it('a name that cannot be resolved is a failure', async () => {
  const outcome = await egressTo({ resolve: failToResolve }).request({
    ...ask,
    url: 'https://receiver.example.com/',
  });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_resolve', stage: 'connect' });
});
