import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { createEgress, type EgressOptions } from '../../src/egress/egress.ts';
import { receiveHttp, receiveRaw, type Receiver } from './receiver.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.();
});

/** Open until the test ends, and proven to be left by every client then. */
async function kept(starting: Promise<Receiver>): Promise<Receiver> {
  const started = await starting;
  cleanups.push(async () => {
    await started.abandoned();
    await started.close();
  });
  return started;
}
const receiver = (answer: RequestListener) => kept(receiveHttp(answer));
const raw = (greet: (socket: Socket) => void) => kept(receiveRaw(greet));

function egressTo(options: Partial<EgressOptions> = {}) {
  const egress = createEgress({ allow: ['127.0.0.1/32'], ...options });
  cleanups.push(() => egress.close());
  return egress;
}

/** Writes the same bytes again and again for as long as somebody listens. */
function repeat(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.on('close', () => clearInterval(timer));
}

/** One name answers, every other one never does. */
const resolveOne = (name: string) =>
  name === 'receiver.example.com'
    ? Promise.resolve(['127.0.0.1'])
    : new Promise<string[]>(() => {});
const ask = { method: 'GET', timeoutMs: 5_000 } as const;
const HEAD = 'HTTP/1.1 200 OK\r\n';

it.each<[string, 'headers' | 'body', (socket: Socket) => void]>([
  ['never answers', 'headers', () => {}],
  [
    'drips its headers',
    'headers',
    (socket) => repeat(socket.write(HEAD) ? socket : socket, 'x-a: b\r\n', 10),
  ],
  [
    'drips its body',
    'body',
    (socket) => {
      socket.write(`${HEAD}content-length: 60000\r\n\r\n`);
      repeat(socket, 'x', 10);
    },
  ],
  [
    'drips chunks',
    'body',
    (socket) => {
      socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
      repeat(socket, '1\r\nx\r\n', 10);
    },
  ],
  [
    'sends hints without end',
    'headers',
    (socket) => repeat(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 10),
  ],
])(
  'a receiver that is too slow %s: ended at the deadline, in stage %s',
  async (_case, stage, behave) => {
    const slow = await raw(behave);
    const outcome = await egressTo().request({ ...ask, url: slow.url, timeoutMs: 150 });
    expect(outcome).toMatchObject({ ok: false, code: 'egress_timeout', stage });
    await slow.abandoned();
  },
);

it('a receiver that is too slow does not read what it is sent', async () => {
  const deaf: Socket[] = [];
  const slow = await raw((socket) => deaf.push(socket.pause()));
  const body = Buffer.alloc(20_000_000);
  const outcome = await egressTo().request({
    ...ask,
    method: 'POST',
    url: slow.url,
    body,
    timeoutMs: 150,
  });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_timeout' });
  // Who does not read does not see the end of it either.
  for (const socket of deaf) socket.resume();
  await slow.abandoned();
});

it('a receiver that is too slow does not read a body in parts', async () => {
  const deaf: Socket[] = [];
  const slow = await raw((socket) => deaf.push(socket.pause()));
  const body = Array.from({ length: 200 }, () => Buffer.alloc(100_000));
  const outcome = await egressTo().request({
    ...ask,
    method: 'POST',
    url: slow.url,
    body,
    timeoutMs: 150,
  });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_timeout' });
  // Who does not read does not see the end of it either.
  for (const socket of deaf) socket.resume();
  await slow.abandoned();
});

it('a receiver that is too slow does not hold up the others, nor the name that does not resolve', async () => {
  const slow = await raw(() => {});
  const quick = await receiver((_request, response) => response.end());
  const egress = egressTo({ resolve: resolveOne });
  const stuck = Array.from({ length: 60 }, (_, index) =>
    egress.request({
      ...ask,
      url: index % 2 ? slow.url : 'http://tarpit.example.com/',
      timeoutMs: 400,
    }),
  );
  const url = `http://receiver.example.com:${quick.port}/`;
  const first = await Promise.race([egress.request({ ...ask, url }), ...stuck]);
  expect(first).toMatchObject({ ok: true, status: 200 });
  expect(slow.accepted()).toBeLessThanOrEqual(16);
  const codes = (await Promise.all(stuck)).map((outcome) => !outcome.ok && outcome.code);
  expect(new Set(codes)).toEqual(new Set(['egress_timeout']));
});

it.each([
  ['a length', 'content-length: 99999999\r\n', 'x'.repeat(10_000)],
  ['chunks', 'transfer-encoding: chunked\r\n', `2710\r\n${'x'.repeat(10_000)}\r\n`],
  ['no length', '', 'x'.repeat(10_000)],
])(
  'a receiver that says too much is read up to the limit and left, having announced %s',
  async (_case, header, piece) => {
    const endless = await raw((socket) => {
      socket.write(`${HEAD}${header}\r\n`);
      repeat(socket, piece, 1);
    });
    const outcome = await egressTo().request({ ...ask, url: endless.url });
    expect(outcome).toMatchObject({ ok: true, status: 200, truncated: true });
    expect(outcome.ok && outcome.body.length).toBe(65_536);
    await endless.abandoned();
    const short = await egressTo().request({ ...ask, url: endless.url, maxResponseBytes: 5 });
    expect(short.ok && short.body.toString()).toBe('xxxxx');
  },
);

it('a receiver that says too much is read whole where it keeps to the limit exactly', async () => {
  const { url, accepted } = await receiver((_request, response) =>
    response.end('x'.repeat(65_536)),
  );
  const egress = egressTo();
  for (let round = 0; round < 3; round += 1) {
    expect(await egress.request({ ...ask, url })).toMatchObject({ ok: true, truncated: false });
  }
  expect(accepted()).toBe(1);
});

it('a receiver that says too much is not decompressed, however many layers it announces', async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  const layers = Array.from({ length: 2_000 }, () => 'gzip').join(',');
  const { url } = await receiver((request, response) => {
    const encoding = request.url === '/layers' ? layers : 'gzip';
    response.setHeader('content-encoding', encoding).end(bomb.subarray(0, 20_000));
  });
  for (const path of ['', 'layers']) {
    const outcome = await egressTo().request({ ...ask, url: url + path });
    expect(outcome.ok && outcome.body.equals(bomb.subarray(0, 20_000))).toBe(true);
  }
});

it('a receiver that says too much in its headers is cut off', async () => {
  const { url } = await raw((socket) => socket.end(`${HEAD}x-a: ${'x'.repeat(20_000)}\r\n\r\n`));
  const outcome = await egressTo().request({ ...ask, url });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_protocol', stage: 'headers' });
});

it.each<[string, string, string, (socket: Socket) => void]>([
  ['resets', 'egress_reset', 'headers', (socket) => socket.resetAndDestroy()],
  ['hangs up', 'egress_reset', 'headers', (socket) => socket.end()],
  [
    'resets in its body',
    'egress_reset',
    'body',
    (socket) => {
      socket.write(`${HEAD}content-length: 10\r\n\r\nabc`, () => socket.resetAndDestroy());
    },
  ],
  [
    'ends in its body',
    'egress_reset',
    'body',
    (socket) => {
      socket.end(`${HEAD}content-length: 10\r\n\r\nabc`);
    },
  ],
  [
    'speaks something else',
    'egress_protocol',
    'headers',
    (socket) => socket.end('220 mail ready\r\n'),
  ],
  [
    'gives two lengths',
    'egress_protocol',
    'headers',
    (socket) => {
      socket.end(`${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`);
    },
  ],
  [
    'switches protocols',
    'egress_reset',
    'headers',
    (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
    },
  ],
])('a receiver that breaks off %s: %s in stage %s', async (_case, code, stage, behave) => {
  const broken = await raw(behave);
  const outcome = await egressTo().request({
    ...ask,
    method: 'POST',
    url: broken.url,
    body: 'x',
  });
  expect(outcome).toMatchObject({ ok: false, code, stage });
  await broken.abandoned();
});

it('a receiver that breaks off is not listening: egress_connect', async () => {
  const gone = await receiveHttp(() => {});
  await gone.close();
  const outcome = await egressTo().request({ ...ask, url: gone.url });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_connect', stage: 'connect' });
});

it('a receiver that breaks off names headers after what objects inherit, and nothing comes of it', async () => {
  const { url } = await raw((socket) => {
    socket.end(
      `${HEAD}__proto__: a\r\nconstructor: b\r\n__proto__: c\r\ncontent-length: 0\r\n\r\n`,
    );
  });
  const outcome = await egressTo().request({ ...ask, url });
  expect(outcome).toMatchObject({ ok: true, status: 200 });
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
});
