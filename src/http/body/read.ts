/** Reads bodies, whatever their form: unpacked, within the limit of the route, charged to the budget. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { inSlices } from '../../concurrency/slices.ts';
import type { ByteAccount } from '../edge/byte-budget.ts';
import { sourceOf } from '../edge/fairness.ts';
import type { Services } from '../context.ts';
import { collectBlocks } from './blocks.ts';
import { awaitGoAhead, goAhead } from './expectation.ts';
import { gunzipped, isGzip } from './gunzip.ts';
import { limited, receive, refuseDeclaredLength } from './receive.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the body of the route may be gzip. What is small gains nothing by it, and may hide much. */
    takesGzip?: boolean;
    /** Whether its client decides how long the request takes: the body may be of any length. */
    takesLongBodies?: boolean;
  }
  interface FastifyRequest {
    /** What the body and the work on it take from the budget until the end of the request. */
    account: ByteAccount | undefined;
  }
}

/** What bodies are read with. */
export type Reading = Pick<Services, 'limits' | 'budget'>;

/** Lines of any number, read as they come. */
export type LinesBody = AsyncIterable<Buffer>;

const NOTHING = Buffer.alloc(0);

/** Reads no body by itself: each door adds parsers for the media types of its own. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('account', undefined);
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => request.account?.close());
  });
  awaitGoAhead(app);
}

/** All bytes of the body. Throws Problem, or BodyTooLarge, as soon as one is too many. */
export async function wholeBody(services: Reading, request: FastifyRequest): Promise<Buffer> {
  return Buffer.concat(await collectBlocks(allowedBytes(services, request)));
}

/**
 * The text of the body. RFC 8259 §8.1: JSON is UTF-8; anything else would be replaced, so changed,
 * without a word.
 */
export async function textOf(services: Reading, request: FastifyRequest): Promise<string> {
  const blocks = await collectBlocks(allowedBytes(services, request));
  try {
    return await inSlices(sourceOf(request), decoded(blocks));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Problem('invalid_json', 'The body is not UTF-8', { cause: error });
  }
}

/** Empties `blocks`. Throws TypeError where they are not UTF-8. */
function* decoded(blocks: Buffer[]): Generator<undefined, string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const parts: string[] = [];
  for (const [index, block] of blocks.entries()) {
    parts.push(decoder.decode(block, { stream: true }));
    blocks[index] = NOTHING;
    yield;
  }
  parts.push(decoder.decode());
  return parts.join('');
}

/** The bytes that the route allows. */
async function* allowedBytes(services: Reading, request: FastifyRequest): AsyncGenerator<Buffer> {
  const { bodyLimit } = request.routeOptions;
  refuseDeclaredLength(request, bodyLimit);
  yield* limited(openBody(services, request), bodyLimit, accountOf(services, request));
}

/** The bytes of the body as they come, unpacked. */
export function openBody({ limits }: Reading, request: FastifyRequest): LinesBody {
  const packed = isGzip(request);
  if (packed && request.routeOptions.config.takesGzip !== true) {
    throw new Problem('content_encoding_unsupported', 'Send the body uncompressed', {
      path: 'content-encoding',
    });
  }
  goAhead(request.raw);
  const bytes = receive(request.raw, limits);
  return packed ? gunzipped(bytes) : bytes;
}

/** The request's account, which closes with its connection or when it is answered. */
export function accountOf(
  { budget }: Pick<Services, 'budget'>,
  request: FastifyRequest,
): ByteAccount {
  request.account ??= budget.open(request.member?.organisation.id);
  // Its client has left already: no event would close it.
  if (request.raw.socket.destroyed) request.account.close();
  return request.account;
}
