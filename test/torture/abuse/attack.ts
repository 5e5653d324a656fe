/** What an attack has to work with, and the ways in which it sends: bounded in size, count and time. */
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Random } from '../random.ts';

/** The keys of the hostile member, by role. */
export interface HostileKeys {
  readonly feed: string;
  readonly publisher: string;
  readonly org_admin: string;
}

export interface Attack {
  readonly host: string;
  readonly port: number;
  readonly keys: HostileKeys;
  readonly random: Random;
  /** Aborts at the end of the case. */
  readonly signal: AbortSignal;
  /** Counts an answer by its status; 0 is a connection that ended without one. */
  readonly count: (status: number) => void;
}

/** One kind of abuse. Resolves once `signal` aborts, with nothing left open. */
export type Case = (attack: Attack) => Promise<void>;

export interface Shot {
  readonly method: string;
  readonly path: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** The loopback address to send from; 127.0.0.66 unless given. */
  readonly from?: string;
}

/** Strangers have addresses of their own, so that a limit per network does not meet the well-behaved. */
const STRANGER = '127.0.0.66';
const ANSWER_MS = 20_000;

/** Sends one request and reads its whole answer. Resolves to its Location, if it has one. */
export function send(attack: Attack, shot: Shot): Promise<string | undefined> {
  const { method, path, key, headers, body, from = STRANGER } = shot;
  return new Promise((resolve) => {
    const over = AbortSignal.any([attack.signal, AbortSignal.timeout(ANSWER_MS)]);
    const end = (status: number, location?: string): void => {
      attack.count(status);
      resolve(location);
    };
    const request = httpRequest({
      host: attack.host,
      port: attack.port,
      localAddress: from,
      method,
      path,
      agent: false,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
      signal: over,
    });
    request.once('response', (response) => {
      response.resume();
      response.once('close', () => end(response.statusCode ?? 0, response.headers.location));
    });
    request.once('error', () => end(0));
    request.end(body);
  });
}

/** Calls `shoot` from `lanes` lanes at once, again and again, until the end of the case. */
export async function barrage(
  attack: Attack,
  lanes: number,
  shoot: (lane: number, round: number) => Promise<unknown>,
): Promise<void> {
  const lane = async (index: number): Promise<void> => {
    for (let round = 0; !attack.signal.aborted; round++) await shoot(index, round);
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
}

/** How a connection is used that is held open. */
export interface Held {
  readonly from?: string;
  /** What is written at once. */
  readonly first: Buffer | string;
  /** What is written every second after that. */
  readonly drip?: Buffer | string;
  /** Whether what comes back is never read; it is read and thrown away otherwise. */
  readonly deaf?: boolean;
}

/**
 * Opens `count` connections and holds each in this way until the end of the case. What the server cuts
 * off is opened again a second later.
 */
export async function hold(attack: Attack, count: number, held: Held): Promise<void> {
  const one = async (): Promise<void> => {
    while (!attack.signal.aborted) {
      await holdOne(attack, held);
      await pause(attack, 1000);
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}

async function holdOne(attack: Attack, { from = STRANGER, first, drip, deaf }: Held) {
  const { host, port, signal } = attack;
  const socket = connect({ host, port, localAddress: from });
  const cut = (): void => void socket.destroy();
  signal.addEventListener('abort', cut);
  const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip), 1000);
  socket.on('error', () => undefined);
  if (deaf === true) socket.pause();
  else socket.on('data', firstStatus(attack));
  socket.write(first);
  await closed(socket);
  clearInterval(dripping);
  signal.removeEventListener('abort', cut);
}

/** Counts the status of the first answer on a connection. */
function firstStatus(attack: Attack): (chunk: Buffer) => void {
  let counted = false;
  return (chunk) => {
    if (counted) return;
    counted = true;
    attack.count(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1', 0, 20))?.[1] ?? 0));
  };
}

async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  // Not events.once, which rejects at an error: a connection that is refused is closed, too.
  await new Promise((done) => socket.once('close', done));
}

/** Waits, but not beyond the end of the case. */
export async function pause({ signal }: Attack, ms: number): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
