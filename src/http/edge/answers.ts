/**
 * How long answers are sent: in slices, each when the client has taken the one before, and with room
 * in the process-wide budget of bytes for as long as they are held.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { memberOf } from '../auth/access.ts';
import type { ByteAccount } from './byte-budget.ts';
import type { Services } from '../context.ts';
import { outOfTurn } from './fairness.ts';
import { onDemand } from '../streams/on-demand.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the answer holds of the budget. */
    answerRoom: { readonly account: ByteAccount; readonly bytes: number } | undefined;
  }
}

/** An answer up to this size goes out in one piece. Its client cannot hold up much. */
const SLICE = 64 * 1024;
/** While it is made, there are its rows, their texts and the bytes that are sent. */
const MAKING = 3;

type Budgeted = Pick<Services, 'budget'>;

/**
 * Takes room for an answer of at most so many bytes before it is made; what it does not need is
 * returned when it is sent, the rest at its end. Throws Problem server_busy.
 */
export async function makeRoom(
  { budget }: Budgeted,
  request: FastifyRequest,
  reply: Pick<FastifyReply, 'raw'>,
  bytesMax: number,
): Promise<void> {
  const account = openAccount({ budget }, request, reply);
  const bytes = MAKING * bytesMax;
  request.answerRoom = { account, bytes };
  await outOfTurn(request, () => account.take(bytes));
}

/** Sends every long answer of the server so. Streams look after themselves. */
export function paceAnswers(app: FastifyInstance, services: Budgeted): void {
  app.decorateRequest('answerRoom', undefined);
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isText(payload) || request.method === 'HEAD') return payload;
    const { answerRoom } = request;
    if (payload.length <= SLICE) {
      answerRoom?.account.close();
      return payload;
    }
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
    if (answerRoom !== undefined) answerRoom.account.give(answerRoom.bytes - bytes.length);
    else if (request.member !== undefined) {
      await openAccount(services, request, reply).take(bytes.length);
    }
    reply.header('content-length', bytes.length);
    return onDemand(slicesOf(bytes));
  });
}

function openAccount(
  { budget }: Budgeted,
  request: FastifyRequest,
  reply: Pick<FastifyReply, 'raw'>,
) {
  const account = budget.open(memberOf(request).viewer.organisationId);
  if (reply.raw.closed) account.close();
  else reply.raw.once('close', account.close);
  return account;
}

function isText(payload: unknown): payload is string | Buffer {
  return typeof payload === 'string' || Buffer.isBuffer(payload);
}

/** Views of the bytes, not copies. */
async function* slicesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += SLICE) yield bytes.subarray(from, from + SLICE);
}
