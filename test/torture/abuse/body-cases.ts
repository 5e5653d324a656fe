/** Abuse by what is sent: documents that are dear to read, and senders that stall. */
import { Readable } from 'node:stream';
import { request as httpRequest } from 'node:http';
import { barrage, hold, pause, send, type Attack, type Case } from './attack.ts';
import { bomb, bundleOf, duplicateKeys, heavyJson } from './documents.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const GZIP = { ...JSON_TYPE, 'content-encoding': 'gzip' };
const UNFOLDED_MIB = 60;

/** Bombs to a path that does not exist, to one that takes no body, and to the sign-in. */
export const strangersWithBombs: Case = async (attack) => {
  const bombs = Array.from({ length: 4 }, () => bomb(attack.random, UNFOLDED_MIB));
  const doors = ['/nowhere', '/healthz', '/api/v1/sessions', '/api/v1/nowhere', '/readyz'];
  await barrage(attack, 4, async (lane, round) => {
    const path = doors[round % doors.length] ?? '/';
    await send(attack, { method: 'POST', path, headers: GZIP, body: bombs[lane] ?? '' });
  });
};

/** A sign-in whose error would repeat a hundred thousand unknown members. */
export const unknownMembers: Case = async (attack) => {
  const members = Array.from({ length: 100_000 }, (_, i) => `"member-${i}":${i}`).join(',');
  await barrage(attack, 4, async () => {
    const shot = { method: 'POST', path: '/api/v1/sessions', headers: JSON_TYPE };
    await send(attack, { ...shot, body: `{${members}}` });
  });
};

/** The weakest key validates what is dear to parse and to examine. */
export const dearValidation: Case = async (attack) => {
  const { random, keys } = attack;
  const bombs = Array.from({ length: 3 }, () => bomb(random, UNFOLDED_MIB));
  const objects = bundleOf(
    Array.from({ length: 20_000 }, () => `indicator--${random.uuid()}`),
    1,
  );
  await barrage(attack, 4, async (lane, round) => {
    const shot = { method: 'POST', path: '/api/v1/validate', key: keys.feed };
    if (lane === 3) await send(attack, { ...shot, headers: JSON_TYPE, body: objects });
    else if (round % 4 === 3) {
      await send(attack, { ...shot, headers: JSON_TYPE, body: heavyJson(random, 8) });
    } else await send(attack, { ...shot, headers: GZIP, body: bombs[lane] ?? '' });
  });
};

/** Bundles of more objects than are allowed, each of them faulty. */
export const tooManyFaults: Case = async (attack) => {
  const body = duplicateKeys(300_000);
  await barrage(attack, 2, async () => {
    const shot = { method: 'POST', path: '/api/v1/bundles', key: attack.keys.publisher };
    await send(attack, { ...shot, headers: GZIP, body });
  });
};

/** Bodies of which half comes at once and the rest never. */
export const stalledSenders: Case = async (attack) => {
  const half = Buffer.alloc(30 * 1024 * 1024, ' ');
  await Promise.all([
    hold(attack, 20, { first: bodyStart(attack, attack.keys.publisher, half) }),
    hold(attack, 20, { first: bodyStart(attack, attack.keys.feed, half) }),
    hold(attack, 40, { first: bodyStart(attack, undefined, half.subarray(0, 65_536)) }),
  ]);
};

/** Bodies and headers that come a byte a second. */
export const drippingSenders: Case = async (attack) => {
  const begun = bodyStart(attack, attack.keys.publisher, Buffer.from('{'));
  await Promise.all([
    hold(attack, 100, { first: begun, drip: ' ' }),
    hold(attack, 200, { first: 'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-', drip: 'a' }),
    hold(attack, 500, { first: '' }),
  ]);
};

function bodyStart({ host }: Attack, key: string | undefined, body: Buffer): Buffer {
  const head =
    `POST /api/v1/${key === undefined ? 'sessions' : 'bundles'} HTTP/1.1\r\nHost: ${host}\r\n` +
    (key === undefined ? '' : `Authorization: Bearer ${key}\r\n`) +
    `Content-Type: application/json\r\nContent-Length: ${60 * 1024 * 1024}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Lines of junk, only asked about, by senders that leave in the middle and never read. */
export const junkLines: Case = async (attack) => {
  await barrage(attack, 3, async () => {
    await sendJunk(attack);
    await pause(attack, 50);
  });
};

function sendJunk({ host, port, keys, signal, count }: Attack): Promise<void> {
  return new Promise((resolve) => {
    const over = AbortSignal.any([signal, AbortSignal.timeout(1500)]);
    const end = (status: number): void => {
      count(status);
      resolve();
    };
    const request = httpRequest({
      host,
      port,
      localAddress: '127.0.0.66',
      method: 'POST',
      path: '/api/v1/bundles?dry_run=true',
      agent: false,
      headers: {
        authorization: `Bearer ${keys.publisher}`,
        'content-type': 'application/x-ndjson',
      },
      signal: over,
    });
    request.once('response', (response) => {
      response.resume();
      response.once('close', () => end(response.statusCode ?? 0));
    });
    request.once('error', () => end(0));
    Readable.from(junk()).pipe(request);
  });
}

function* junk(): Generator<string> {
  const lines = '{"type":"x"}\n'.repeat(5000);
  for (let i = 0; i < 200; i++) yield lines;
}
