/** Reads bodies: which media types, within the limits of the route, JSON as STIX needs it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { inSlices } from '../../concurrency/slices.ts';
import { splitObjects, WHOLE_MAX } from '../../stix/bundle/split.ts';
import { parseWhole, readSplit } from '../../stix/bundle/text.ts';
import { XML_REFUSAL } from '../../stix/json/exact.ts';
import { JsonFault } from '../../stix/json/fault.ts';
import { parseJson, valuesMaxOf, withoutMark } from '../../stix/json/read.ts';
import type { ByteAccount } from '../edge/byte-budget.ts';
import type { Services } from '../context.ts';
import { collectBlocks } from './blocks.ts';
import { sourceOf } from '../edge/fairness.ts';
import { awaitGoAhead, goAhead } from './expectation.ts';
import { gunzipped, isGzip } from './gunzip.ts';
import { bytesMaxOf, kindOf, limitBody, takesGzip } from './kinds.ts';
import { bodySchemaOf, mayBeLeftOut } from '../validation/left-out.ts';
import { JSON_TYPE, NDJSON_TYPE, refuseParameters } from './media-type.ts';
import { limited, receive, refuseDeclaredLength } from './receive.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the body and the work on it take from the budget until the request is over. */
    account: ByteAccount | undefined;
  }
}

/** Values in lists and objects of one JSON document with many objects. */
const BUNDLE_VALUES_MAX = 5_000_000;
/** What a value takes besides its text, about. */
const VALUE_BYTES = 48;

const NOTHING = Buffer.alloc(0);

/** Lines of any number, read as they come. */
export type LinesBody = AsyncIterable<Buffer>;

export function readBodies(app: FastifyInstance, services: Services): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('account', undefined);
  app.addHook('onRoute', (route) => limitBody(route, services.limits));
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => request.account?.close());
  });
  awaitGoAhead(app);
  app.addContentTypeParser(JSON_TYPE, async (request: FastifyRequest) => {
    refuseParameters(request);
    return parse(services, request, await textOf(services, request));
  });
  app.addContentTypeParser(NDJSON_TYPE, async (request: FastifyRequest) => {
    refuseParameters(request);
    refuseLines(request);
    return openBody(services, request);
  });
  app.addContentTypeParser(
    /^(?:application|text)\/(?:[\w.+-]{1,60}\+)?xml\s*(;|$)/,
    async (request: FastifyRequest) => Promise.reject(refusalOfXml(request)),
  );
}

/** All bytes of the body. Throws Problem, or BodyTooLarge, as soon as one is too many. */
export async function wholeBody(services: Services, request: FastifyRequest): Promise<Buffer> {
  return Buffer.concat(await collectBlocks(allowedBytes(services, request)));
}

/**
 * The text of the body. RFC 8259 §8.1: JSON is UTF-8; anything else would be replaced, so changed,
 * without a word.
 */
async function textOf(services: Services, request: FastifyRequest): Promise<string> {
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
async function* allowedBytes(services: Services, request: FastifyRequest): AsyncGenerator<Buffer> {
  const bytesMax = bytesMaxOf(kindOf(request.routeOptions.config), services.limits);
  refuseDeclaredLength(request, bytesMax);
  yield* limited(openBody(services, request), bytesMax, accountOf(services, request));
}

/** The bytes of the body as they come, unpacked. */
function openBody({ limits }: Services, request: FastifyRequest): LinesBody {
  const packed = isGzip(request);
  if (packed && !takesGzip(request)) {
    throw new Problem('content_encoding_unsupported', 'Send the body uncompressed', {
      path: 'content-encoding',
    });
  }
  goAhead(request.raw);
  const bytes = receive(request.raw, limits);
  return packed ? gunzipped(bytes) : bytes;
}

/** The request's account, which closes with its connection or when it is answered. */
export function accountOf({ budget }: Services, request: FastifyRequest): ByteAccount {
  request.account ??= budget.open(request.member?.organisation.id);
  // Its client has left already: no event would close it.
  if (request.raw.socket.destroyed) request.account.close();
  return request.account;
}

/** The value of a JSON text, built only after what it holds was counted. */
async function parse(services: Services, request: FastifyRequest, text: string): Promise<unknown> {
  if (text.trim() === '') {
    if (needsNone(request)) return undefined;
    throw new Problem('body_missing', whatToSend(request));
  }
  const account = accountOf(services, request);
  if (kindOf(request.routeOptions.config) !== 'bundle') {
    const valuesMax = valuesMaxOf(text.length);
    await account.take(costOf(text, valuesMax));
    return parseJson(text, valuesMax);
  }
  const objectsMax = services.limits.bundleObjectsMax;
  const limits = { objectsMax, valuesMax: BUNDLE_VALUES_MAX };
  try {
    const body = withoutMark(text);
    const split = await inSlices(sourceOf(request), splitObjects(body, limits));
    const valuesMax = valuesMaxOf(body.length);
    await account.take(costOf(body, split?.values ?? valuesMax));
    if (split === undefined) return parseWhole(body, valuesMax);
    return await inSlices(sourceOf(request), readSplit(split));
  } catch (fault) {
    throw withLimit(fault, { ...limits, limit_bytes: WHOLE_MAX });
  }
}

/** Memory that a text takes once it is read: its strings, and what is around each value. */
function costOf({ length }: string, values: number): number {
  return 2 * length + Math.min(values, length) * VALUE_BYTES;
}

/** Says which limit it was. */
function withLimit(
  fault: unknown,
  limits: { objectsMax: number; valuesMax: number; limit_bytes: number },
): unknown {
  if (!(fault instanceof JsonFault)) return fault;
  const extras: Record<string, Record<string, number>> = {
    bundle_too_large: { limit: limits.objectsMax },
    too_many_values: { limit: limits.valuesMax },
    body_too_large: { limit_bytes: limits.limit_bytes },
  };
  const extra = extras[fault.code];
  if (extra === undefined) return fault;
  const advice =
    fault.code === 'bundle_too_large' ? '. The operator can raise TOCSIN_BUNDLE_OBJECTS_MAX.' : '';
  const detail = `${fault.detail}${advice}`;
  return new Problem(fault.code, detail, { path: fault.path, extra, cause: fault });
}

/** Whether the route needs no body, though the request names a content type. */
function needsNone({ routeOptions }: FastifyRequest): boolean {
  const schema = bodySchemaOf(routeOptions.schema);
  return schema !== undefined && mayBeLeftOut(schema);
}

function whatToSend({ routeOptions }: FastifyRequest): string {
  const takesStix = routeOptions.config.takes !== undefined;
  return takesStix ? 'Send a STIX bundle or object as the body' : 'Send a JSON object as the body';
}

function refuseLines({ routeOptions }: FastifyRequest): void {
  if (kindOf(routeOptions.config) === 'bundle') return;
  throw new Problem('content_type_unsupported', 'Send many objects to /api/v1/bundles', {
    path: 'content-type',
  });
}

/** Where bundles are taken it may be STIX 1.x: who has that is told what to do with it. */
function refusalOfXml({ routeOptions }: FastifyRequest): Problem {
  const detail = kindOf(routeOptions.config) === 'bundle' ? XML_REFUSAL : 'Send JSON';
  return new Problem('content_type_unsupported', detail, { path: 'content-type' });
}
