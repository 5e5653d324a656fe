import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress } from '../../src/egress/egress.ts';
import { InterimFilter } from '../../src/egress/interim.ts';
import { receiveHttp, receiveRaw, type Receiver } from './receiver.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.();
});

async function started(starting: Promise<Receiver>): Promise<Receiver> {
  const receiver = await starting;
  cleanups.push(() => receiver.close());
  return receiver;
}

function anEgress() {
  const egress = createEgress({ allow: ['127.0.0.1/32'] });
  cleanups.push(() => egress.close());
  return egress;
}

const post = { method: 'POST', body: 'x'.repeat(10_000), timeoutMs: 5_000 } as const;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n';
const ANSWER = 'HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok';

describe('an interim answer is not the answer', () => {
  it.each([
    ['100', CONTINUE],
    ['103', HINTS],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['100 without a reason', 'HTTP/1.1 100 \r\n\r\n'],
    ['one of HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\n'],
    ['several', `${CONTINUE}${HINTS}${HINTS}`],
  ])('%s, in one piece with the answer or byte by byte', async (_, interim) => {
    const whole = await started(receiveRaw((socket) => socket.write(interim + ANSWER)));
    const slow = await started(receiveRaw((socket) => void drip(socket, interim + ANSWER)));
    for (const { url } of [whole, slow]) {
      const outcome = await anEgress().request({ ...post, url });
      expect(outcome).toMatchObject({ ok: true, status: 202 });
      expect(outcome.ok && outcome.body.toString()).toBe('ok');
    }
  });

  it('from a real server, again and again on one connection', async () => {
    const receiver = await started(
      receiveHttp((request, response) => {
        response.writeContinue();
        response.writeEarlyHints({ link: '</a.css>; rel=preload' });
        request.resume().on('end', () => response.end('HTTP/1.1 100 Continue\r\n\r\n'));
      }),
    );
    const egress = anEgress();
    for (let round = 0; round < 3; round += 1) {
      const outcome = await egress.request({ ...post, url: receiver.url });
      expect(outcome).toMatchObject({ ok: true, status: 200 });
      // What a body says is not an interim answer.
      expect(outcome.ok && outcome.body.toString()).toBe(CONTINUE);
    }
    expect(receiver.accepted()).toBe(1);
  });
});

it('too many interim answers end the exchange, before its deadline', async () => {
  const { url, abandoned } = await started(
    receiveRaw((socket) => socket.write(CONTINUE.repeat(1000) + ANSWER)),
  );
  const outcome = await anEgress().request({ ...post, url });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_protocol' });
  await abandoned();
});

it('an interim answer that has no end is cut off', async () => {
  const { url, abandoned } = await started(
    receiveRaw((socket) =>
      socket.write(`HTTP/1.1 103 Early Hints\r\n${'a: b\r\n'.repeat(10_000)}`),
    ),
  );
  const outcome = await anEgress().request({ ...post, url });
  expect(outcome).toMatchObject({ ok: false, code: 'egress_protocol' });
  await abandoned();
});

it('holds back no byte of an answer', () => {
  const filter = new InterimFilter();
  for (const answer of [ANSWER, 'HTTP/1.1 101 Switching Protocols\r\n\r\n', '220 mail ready\r\n']) {
    filter.expectAnswer();
    const given = Array.from(answer, (byte) => filter.take(Buffer.from(byte)).toString());
    expect(given.join('')).toBe(answer);
  }
});

async function drip(socket: Socket, text: string): Promise<void> {
  for (const byte of text) {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
