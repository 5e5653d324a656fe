/**
 * How bodies are read: which media types, decompressed within limits, JSON as STIX needs it.
 */
import { Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../errors.ts';
import { parseBundle } from '../stix/bundle-text.ts';
import { XML_REFUSAL } from '../stix/json-exact.ts';
import { parseJson } from '../stix/json.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes many objects: a bundle, of which each object is read for itself, or lines. */
    takesBundles?: true;
    /** It takes a picture, which does not come in parts. */
    takesPicture?: true;
  }
}

/** Media types of one JSON document, and of one object a line. */
const JSON_TYPE = /^application\/(json|stix\+json)$/;
const NDJSON_TYPE = /^application\/(x-ndjson|ndjson|jsonl)$/;

/** A gzip body may unfold to this many times its size, once past the first MiB. */
const UNFOLDING_MAX = 200;
const UNFOLDING_FREE_BYTES = 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/(json|stix\+json)\s*(;|$)/,
    { parseAs: 'buffer' },
    (request, body, done) => {
      try {
        refuseParameters(request);
        done(null, readJson(request, Buffer.isBuffer(body) ? body : Buffer.from(body)));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  );
  app.addContentTypeParser(
    /^application\/(x-ndjson|ndjson|jsonl)\s*(;|$)/,
    (request, payload, done) => {
      try {
        refuseParameters(request);
        refuseLines(request);
        done(null, payload);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  );
  app.addContentTypeParser(
    /^(?:application|text)\/(?:[\w.+-]{1,60}\+)?xml\s*(;|$)/,
    (request, _payload, done) => {
      done(refusalOfXml(request));
    },
  );
  app.addHook('preParsing', async (request, _reply, payload) => decompressed(request, payload));
}

/** Whether the request's body is one object a line. */
export function isNdjson(request: FastifyRequest): boolean {
  return NDJSON_TYPE.test(mediaType(request).essence);
}

function readJson(request: FastifyRequest, body: Buffer): unknown {
  const text = decode(body);
  if (text.trim() === '') {
    if (mayBeLeftOut(request)) return undefined;
    throw new Problem('body_missing', whatToSend(request));
  }
  return request.routeOptions.config.takesBundles === true ? parseBundle(text) : parseJson(text);
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

/** RFC 8259 §8.1: JSON is UTF-8. Anything else would be replaced, so changed, without a word. */
function decode(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new Problem('invalid_json', 'The body is not UTF-8');
  }
}

function refuseLines(request: FastifyRequest): void {
  if (request.routeOptions.config.takesBundles === true) return;
  throw new Problem('content_type_unsupported', 'Many objects go to /api/v1/bundles', {
    path: 'content-type',
  });
}

/** Where bundles are taken it may be STIX 1.x: who has that is told what to do with it. */
function refusalOfXml({ routeOptions }: FastifyRequest): Problem {
  const detail = routeOptions.config.takesBundles === true ? XML_REFUSAL : 'Send JSON';
  return new Problem('content_type_unsupported', detail, { path: 'content-type' });
}

function mediaType({ headers }: FastifyRequest): { essence: string; parameters: string[] } {
  const [essence = '', ...parameters] = (headers['content-type'] ?? '').split(';');
  return {
    essence: essence.trim().toLowerCase(),
    parameters: parameters.map((text) => text.trim().toLowerCase()).filter((text) => text !== ''),
  };
}

/** STIX 2.1 §1.6.3 names the version; a charset other than UTF-8 is not JSON (RFC 8259 §8.1). */
function refuseParameters(request: FastifyRequest): void {
  const { essence, parameters } = mediaType(request);
  for (const parameter of parameters) {
    const [name = '', quoted = ''] = parameter.split('=').map((part) => part.trim());
    const value = quoted.replaceAll('"', '');
    const fits =
      (name === 'charset' && value === 'utf-8') ||
      (name === 'version' && JSON_TYPE.test(essence) && (value === '2.1' || value === '2.0'));
    if (!fits) {
      throw new Problem(
        'content_type_unsupported',
        `The parameter ${name} does not fit ${essence}`,
        {
          path: 'content-type',
        },
      );
    }
  }
}

function decompressed(request: FastifyRequest, payload: Readable): Readable {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return payload;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new Problem('content_encoding_unsupported', 'Send the body as it is or with gzip', {
      path: 'content-encoding',
    });
  }
  let taken = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      taken += chunk.length;
      done(null, chunk);
    },
  });
  let given = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      given += chunk.length;
      if (given > UNFOLDING_FREE_BYTES && given > taken * UNFOLDING_MAX) done(bomb());
      else done(null, chunk);
    },
  });
  const gunzip = createGunzip();
  const fail = (error: Error): void => {
    limit.destroy(error instanceof Problem ? error : notGzip(error));
  };
  payload.on('error', fail);
  gunzip.on('error', fail);
  // A body that was refused for its size is not listened to any more, but still comes.
  limit.on('error', () => payload.unpipe().resume());
  payload.pipe(count).pipe(gunzip).pipe(limit);
  // What Fastify compares with Content-Length is what came over the wire.
  Object.defineProperty(limit, 'receivedEncodedLength', { get: () => taken });
  return limit;
}

function bomb(): Problem {
  return new Problem('body_too_large', `A gzip body may unfold to ${UNFOLDING_MAX} times its size`);
}

function notGzip(cause: Error): Problem {
  return new Problem('invalid_request', 'The body is not whole gzip', {
    path: 'content-encoding',
    cause,
  });
}
