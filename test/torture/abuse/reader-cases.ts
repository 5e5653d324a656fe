/** Abuse by what is asked for: answers that nobody reads, streams by the hundred. */
import { connect } from 'node:net';
import { barrage, hold, send, type Attack, type Case } from './attack.ts';

/** Pages of changes, asked for and never read. */
export const deafReaders: Case = async (attack) => {
  const first = ask(attack, '/api/v1/changes?limit=10000', attack.keys.feed);
  await hold(attack, 250, { first, deaf: true });
};

/** Streams of all that there is, never read. */
export const deafStreams: Case = async (attack) => {
  const after = await beginning(attack);
  const first = ask(attack, `/api/v1/stream?after=${after}`, attack.keys.publisher);
  await hold(attack, 200, { first, deaf: true });
};

/** Streams that stay open and have nothing to tell. */
export const idleStreams: Case = async (attack) => {
  const { feed, publisher } = attack.keys;
  await Promise.all([
    hold(attack, 500, { first: ask(attack, '/api/v1/stream', feed) }),
    hold(attack, 500, { first: ask(attack, '/api/v1/stream', publisher) }),
  ]);
};

/** Requests one behind the other on one connection, with no interest in the answers. */
export const pipelines: Case = async (attack) => {
  const one = ask(attack, '/api/v1/me', attack.keys.feed);
  await hold(attack, 20, { first: one.repeat(500), deaf: true });
};

/** Connections that are opened and closed, and requests without a key or with a wrong one. */
export const strangersAtTheDoor: Case = async (attack) => {
  await barrage(attack, 8, async (lane, round) => {
    if (lane < 4) return knock(attack);
    const key = round % 2 === 0 ? { key: `tocsin_${attack.random.uuid()}` } : {};
    return send(attack, { method: 'GET', path: '/api/v1/me', ...key });
  });
};

function knock({ host, port, count, signal }: Attack): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress: '127.0.0.67', signal });
    socket.once('connect', () => socket.resetAndDestroy());
    socket.once('error', () => undefined);
    socket.once('close', () => {
      count(0);
      // Not at once: the client's own ports would run out before the server's patience.
      setTimeout(resolve, 5);
    });
  });
}

function ask({ host }: Attack, path: string, key: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\n\r\n`;
}

/** The cursor of the first object that the hostile member sees. */
async function beginning({ host, port, keys }: Attack): Promise<string> {
  const answer = await fetch(`http://${host}:${port}/api/v1/changes?limit=1`, {
    headers: { authorization: `Bearer ${keys.feed}` },
  });
  const body: unknown = await answer.json();
  const next = typeof body === 'object' && body !== null && 'next' in body ? body.next : '';
  return encodeURIComponent(String(next));
}
