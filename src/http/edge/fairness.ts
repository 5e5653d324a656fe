/**
 * Callers take turns. Until it is known whose a request is, networks do; from then on organisations do.
 * So a client that sends a thousand requests at once waits for its own, and nobody else does.
 *
 * A turn is for the work of the server, which no client can prolong: it begins when the body has
 * come, and ends when the answer is ready to be sent or the request has failed. What waits for
 * somebody else meanwhile does so outside its turn. Requests that last as long as their client
 * likes (a bundle that is still being sent, a stream) take no turn; each of their transactions takes
 * one (store/postgres/transaction.ts).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { beginShortRequest, othersAreShort } from '../../concurrency/slices.ts';
import { createTurns, type Turn, type Turns } from '../../concurrency/turns.ts';
import { Problem } from '../../errors.ts';
import { clientAddress } from './client.ts';
import { narrowNetwork } from '../../networks.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A GET of objects (`reads`) whose answer is a list without them, which is written in one piece. */
    isList?: boolean;
    /** A GET whose answer is short, however much is stored. */
    isShort?: boolean;
  }
  interface FastifyRequest {
    /** The turn that the request has, or waits for. */
    turn: Turn | undefined;
    /** Takes the next turn after one that has ended; undefined where the request takes none. */
    nextTurn: (() => Promise<void>) | undefined;
  }
}

/** Requests that are authenticated, and such that are worked on, at the same time. */
const AT_ONCE = 32;
/** The longest rest between two lists. */
const REST_MS = 50;
const WAIT_MS = 10_000;
/**
 * A request that takes longer waits for something else, such as a lock or room in the byte budget, and
 * does not use the server meanwhile. It continues without a turn.
 */
const TURN_MS = 200;
const RETRY_AFTER_S = 2;

/** Before anybody is authenticated: networks take turns. */
export function takeTurnsByNetwork(app: FastifyInstance): void {
  const networks = createTurns({ running: AT_ONCE, waitMs: WAIT_MS, busy });
  app.decorateRequest('turn', undefined);
  app.decorateRequest('nextTurn', undefined);
  app.addHook('onRequest', async (request, reply) => {
    // A client that leaves ends whatever turn its request has by then.
    reply.raw.once('close', () => request.turn?.end());
    if (request.is404 || request.routeOptions.config.access === 'public') return;
    await takeTurn(networks, sourceOf(request), request, reply);
  });
}

/** Once it is known whose a request is: organisations take turns. */
export function takeTurnsByOrganisation(app: FastifyInstance): void {
  const organisations = createTurns({ running: AT_ONCE, waitMs: WAIT_MS, busy });
  const takeListTurn = createListTurns();
  app.addHook('onRequest', async (request) => request.turn?.end());
  // The body has been received: how long that takes is up to the client.
  app.addHook('preValidation', async (request, reply) => {
    if (request.member === undefined || isUpToClient(request)) return;
    request.nextTurn = isList(request)
      ? () => takeListTurn(request, reply)
      : () => takeTurn(organisations, sourceOf(request), request, reply);
    await request.nextTurn();
  });
  app.addHook('onSend', async (request) => request.turn?.end());
}

/** Who takes turns with others: the organisation of a request, or its network while that is unknown. */
export function sourceOf(request: FastifyRequest): string {
  const { member } = request;
  return member === undefined
    ? narrowNetwork(clientAddress(request))
    : String(member.organisation.id);
}

/** Waits for what is up to others, such as the endpoint of a webhook, without holding a turn. */
export async function outOfTurn<T>(request: FastifyRequest, wait: () => Promise<T>): Promise<T> {
  request.turn?.end();
  const result = await wait();
  await request.nextTurn?.();
  return result;
}

/** Whether its client decides how long the request takes. */
function isUpToClient({ routeOptions: { config } }: FastifyRequest): boolean {
  return config.streams === true || config.takesLongBodies === true;
}

/**
 * Lists of members, keys, users or the audit are made and written in one piece, so they are made one after
 * another. While others have short requests under way, there is a rest between two, as long as the one before took.
 */
function createListTurns(): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const lists = createTurns({ running: 1, waitMs: WAIT_MS, busy });
  let lastMs = 0;
  return async (request, reply) => {
    const source = sourceOf(request);
    const turn = lists.ask(source);
    let begun: number | undefined;
    const end = (): void => {
      if (begun !== undefined) lastMs = performance.now() - begun;
      begun = undefined;
      turn.end();
    };
    await hold({ begun: turn.begun, end }, request, reply);
    if (othersAreShort(source)) await delay(Math.min(lastMs, REST_MS));
    begun = performance.now();
  };
}

/** Objects (`reads`) are counted, and written in slices. */
function isList({ method, routeOptions: { config } }: FastifyRequest): boolean {
  if (method !== 'GET' || config.isShort === true) return false;
  return config.reads !== true || config.isList === true;
}

async function takeTurn(
  turns: Turns,
  source: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  await hold(shortened(turns.ask(source), source), request, reply);
}

/** Waits for the turn, which ends with the request. */
async function hold(turn: Turn, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  // Its client has left already: no event would end the turn.
  if (reply.raw.closed) {
    turn.end();
    throw busy();
  }
  request.turn = turn;
  await turn.begun;
  setTimeout(() => turn.end(), TURN_MS).unref();
}

/** The same turn, before and during which long work leaves room for the request. */
function shortened(turn: Turn, source: string): Turn {
  const endRequest = beginShortRequest(source);
  return {
    begun: turn.begun,
    end: () => {
      endRequest();
      turn.end();
    },
  };
}

function busy(): Problem {
  return new Problem('server_busy', 'The server is busy. Try again later', {
    extra: { retry_after: RETRY_AFTER_S },
  });
}
