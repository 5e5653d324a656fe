/** Cuts off clients that do not read their answers. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AnswerLimits } from '../../limits.ts';

/** A look at all answers under way takes well under a millisecond for a thousand of them. */
const LOOK_MS = 500;
/** As it stands in the line of the request in the log. */
const TOO_SLOW = 'client_too_slow';

/** An answer, as far as its client has read it. */
interface Watched {
  readonly request: FastifyRequest;
  /** Bytes that the client's side had taken at the last look. */
  taken: number;
  /** Bytes taken, and milliseconds passed, while something was there to be taken. */
  takenWaiting: number;
  waitedMs: number;
  /** For how long it has taken nothing. */
  stalledMs: number;
}

/**
 * Watches every answer of the server. One is cut off when its client takes nothing for `stallMs`, or
 * when it has taken less than `bytesPerSecond` on average since then. Only the time counts in which
 * there was something to take, so that an idle stream lives on.
 */
export function cutSlowReaders(app: FastifyInstance, limits: AnswerLimits): void {
  const watched = new Set<Watched>();
  app.addHook('onRequest', async (request, reply) => {
    const taken = takenBy(request.raw.socket);
    const one = { request, taken, takenWaiting: 0, waitedMs: 0, stalledMs: 0 };
    watched.add(one);
    reply.raw.once('close', () => watched.delete(one));
  });
  const everyMs = Math.min(LOOK_MS, limits.stallMs / 2);
  const timer = setInterval(() => {
    // One look counts for the time between two at most: a client is not to blame for a busy server.
    for (const one of watched) {
      if (isTooSlow(one, limits, everyMs)) cut(one.request);
    }
  }, everyMs);
  app.addHook('onClose', async () => clearInterval(timer));
}

function isTooSlow(one: Watched, limits: AnswerLimits, passedMs: number): boolean {
  const { socket } = one.request.raw;
  const more = takenBy(socket) - one.taken;
  one.taken += more;
  if (socket.writableLength === 0) {
    one.takenWaiting = 0;
    one.waitedMs = 0;
    one.stalledMs = 0;
    return false;
  }
  one.takenWaiting += more;
  one.waitedMs += passedMs;
  one.stalledMs = more > 0 ? 0 : one.stalledMs + passedMs;
  const due = ((one.waitedMs - limits.stallMs) / 1000) * limits.bytesPerSecond;
  return one.stalledMs > limits.stallMs || one.takenWaiting < due;
}

/** Bytes that have left this process: written, and not in its buffers any more. */
function takenBy(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

/** What the kernel still holds of the answer goes with it, where a connection can be reset. */
function cut(request: FastifyRequest): void {
  const { socket } = request.raw;
  request.problem ??= TOO_SLOW;
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
