/** Reads bodies: which media types, within the limits of the route, JSON as STIX needs it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../../errors.ts';
import { parseBundle } from '../../stix/bundle-text.ts';
import { XML_REFUSAL } from '../../stix/json-exact.ts';
import { parseJson } from '../../stix/json.ts';
import type { ByteAccount } from '../byte-budget.ts';
import type { Services } from '../context.ts';
import { awaitGoAhead, goAhead } from './expectation.ts';
import { gunzipped, isGzip } from './gunzip.ts';
import { bytesMaxOf, kindOf, limitBody, takesGzip } from './kinds.ts';
import { refuseParameters } from './media-type.ts';
import { limited, receive, refuseDeclaredLength } from './receive.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the body and the work on it take from the budget until the request is over. */
    account: ByteAccount | undefined;
  }
}

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
  app.addContentTypeParser(
    /^application\/(json|stix\+json)\s*(;|$)/,
    async (request: FastifyRequest) => {
      refuseParameters(request);
      return parse(request, decode(await wholeBody(services, request)));
    },
  );
  app.addContentTypeParser(
    /^application\/(x-ndjson|ndjson|jsonl)\s*(;|$)/,
    async (request: FastifyRequest) => {
      refuseParameters(request);
      refuseLines(request);
      return openBody(services, request);
    },
  );
  app.addContentTypeParser(
    /^(?:application|text)\/(?:[\w.+-]{1,60}\+)?xml\s*(;|$)/,
    async (request: FastifyRequest) => Promise.reject(refusalOfXml(request)),
  );
}

/** All bytes of the body. Throws Problem, or BodyTooLarge, as soon as one is too many. */
export async function wholeBody(services: Services, request: FastifyRequest): Promise<Buffer> {
  const bytesMax = bytesMaxOf(kindOf(request.routeOptions.config), services.limits);
  refuseDeclaredLength(request, bytesMax);
  const bytes = openBody(services, request);
  const chunks: Buffer[] = [];
  for await (const chunk of limited(bytes, bytesMax, accountOf(services, request))) {
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
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
function accountOf({ budget }: Services, request: FastifyRequest): ByteAccount {
  request.account ??= budget.open(request.member?.organisation.id);
  return request.account;
}

function parse(request: FastifyRequest, text: string): unknown {
  if (text.trim() === '') {
    if (mayBeLeftOut(request)) return undefined;
    throw new Problem('body_missing', whatToSend(request));
  }
  return kindOf(request.routeOptions.config) === 'bundle' ? parseBundle(text) : parseJson(text);
}

/** Whether the route takes nothing for a body; fastify validates null where there is none. */
function mayBeLeftOut({ routeOptions }: FastifyRequest): boolean {
  const body: unknown = routeOptions.schema?.body;
  return body instanceof z.ZodType && body.safeParse(null).success;
}

function whatToSend({ routeOptions }: FastifyRequest): string {
  const takesStix = routeOptions.config.takes !== undefined;
  return takesStix ? 'Send a STIX bundle or object as the body' : 'Send a JSON object as the body';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** RFC 8259 §8.1: JSON is UTF-8. Anything else would be replaced, so changed, without a word. */
function decode(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new Problem('invalid_json', 'The body is not UTF-8');
  }
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
