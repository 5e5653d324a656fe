/**
 * What is left of a body that nobody wants any more. A connection cut in the midst of it would take
 * the answer with it, so the rest is read and dropped; but not for as long as the client likes.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { waitsForGoAhead } from './expectation.ts';

const LINGER_MS = 30_000;
const PAUSE_MS = 5_000;

/** Bounds how long a connection stays open after the answer for the rest of a body. */
export function boundLeftovers(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }, reply) => {
    reply.raw.once('finish', () => {
      if (!raw.complete) linger(raw, () => raw.socket.destroy());
    });
  });
}

/**
 * Drops the rest of the body, then answers if the connection ends with the answer; answers
 * at once if it stays open.
 */
export function dropRest({ raw }: FastifyRequest, reply: FastifyReply, answer: () => void): void {
  if (raw.complete) {
    answer();
    return;
  }
  if (waitsForGoAhead(raw)) {
    // Whether the body still comes, nobody knows; so nothing else can come after it.
    reply.header('connection', 'close');
    answer();
    return;
  }
  reply.removeHeader('connection');
  raw.unpipe().resume();
  if (/\bclose\b/i.test(raw.headers.connection ?? '')) linger(raw, answer);
  else answer();
}

/** Answers and closes: the client sends nothing that would be worth waiting for. */
export function answerAndClose(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  answer: () => void,
): void {
  reply.header('connection', 'close');
  reply.raw.once('finish', () => raw.socket.destroySoon());
  answer();
}

/** Calls back once: when the body has ended, pauses for too long or takes too long. */
function linger(raw: IncomingMessage, then: () => void): void {
  let seen = raw.socket.bytesRead;
  const over = (): void => {
    clearTimeout(limit);
    clearInterval(pause);
    raw.off('end', over).off('close', over);
    then();
  };
  const limit = setTimeout(over, LINGER_MS);
  const pause = setInterval(() => {
    if (raw.socket.bytesRead === seen) over();
    seen = raw.socket.bytesRead;
  }, PAUSE_MS);
  raw.on('end', over).on('close', over);
}
