/** Receives the bytes of a body as they come: not too slowly, not too many, charged to the budget. */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import type { ByteAccount } from '../edge/byte-budget.ts';
import type { Limits } from '../context.ts';

/** How fast a body has to come. */
export type Pace = Pick<Limits, 'bodyBytesPerSecond' | 'bodyPauseSeconds'>;

/**
 * The bytes of the body as they arrive. Only the time that the server waits for the client counts:
 * beyond one pause the bytes must come at the rate. What came faster earns no more than the next
 * pause, or who sends nearly all of a large body at once could hold its memory for hours.
 * Throws Problem request_timeout.
 */
export async function* receive(raw: IncomingMessage, pace: Pace): AsyncGenerator<Buffer> {
  const pauseMs = pace.bodyPauseSeconds * 1000;
  let patienceMs = pauseMs;
  for (;;) {
    const chunk = raw.read() as Buffer | null;
    if (chunk !== null) {
      const earnedMs = (chunk.length / pace.bodyBytesPerSecond) * 1000;
      patienceMs = Math.min(pauseMs, patienceMs + earnedMs);
      yield chunk;
      continue;
    }
    if (raw.readableEnded) return;
    const start = performance.now();
    await moreOf(raw, patienceMs);
    patienceMs -= performance.now() - start;
  }
}

/** Resolves when there is something to read or the body has ended. */
function moreOf(raw: IncomingMessage, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      raw.off('readable', onMore).off('end', onMore).off('close', onClose).off('error', onClose);
      act();
    };
    const onMore = (): void => settle(resolve);
    const onClose = (): void => settle(() => reject(cutOff()));
    const timer = setTimeout(() => settle(() => reject(tooSlow())), Math.max(0, limitMs));
    raw.on('readable', onMore).on('end', onMore).on('close', onClose).on('error', onClose);
    if (raw.destroyed && !raw.readableEnded) onClose();
  });
}

function cutOff(): Problem {
  return new Problem('invalid_request', 'The connection closed before the body was complete');
}

function tooSlow(): Problem {
  return new Problem(
    'request_timeout',
    'The body arrived too slowly. Send it again without pauses, or ask the operator to raise TOCSIN_BODY_PAUSE_SECONDS or lower TOCSIN_BODY_BYTES_PER_SECOND.',
  );
}

/** Refuses a body that says itself that it is too large, before any of it is read. */
export function refuseDeclaredLength({ headers }: FastifyRequest, bytesMax: number): void {
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw new BodyTooLarge(bytesMax);
}

/** A body has more bytes than its route allows; a door says in words what to do about it. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    super(`The body has more than ${bytesMax} bytes`);
    this.bytesMax = bytesMax;
  }
}

/** Passes on the bytes up to a limit, each charged to the account before it is. */
export async function* limited(
  chunks: AsyncIterable<Buffer>,
  bytesMax: number,
  account: ByteAccount,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new BodyTooLarge(bytesMax);
    await account.take(chunk.length);
    yield chunk;
  }
}
