/** How large a body may be, and what it may be, by route. */
import type { FastifyRequest, RouteOptions } from 'fastify';
import { LOGO_BYTES_MAX } from '../../members/logo.ts';
import { OBJECT_CHARACTERS_MAX } from '../../indicators/examine.ts';
import type { Limits } from '../context.ts';

/**
 * `document`: a small JSON document, as every route takes unless it declares another kind.
 * `list`: a JSON document with lists of members or long texts. `object`: one STIX object.
 * `bundle`: many of them, in one JSON document or one a line. `picture`: an image.
 */
export type BodyKind = 'document' | 'list' | 'object' | 'bundle' | 'picture';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The kind of body that the route takes; `document` unless given. */
    body?: BodyKind;
  }
}

const KIB = 1024;
/**
 * What an object may have is counted in characters of its JSON; written as \\uXXXX each takes 6
 * bytes. So no object has too many bytes that is not too large in itself.
 */
export const OBJECT_BYTES_MAX = 6 * OBJECT_CHARACTERS_MAX;
const DOCUMENT_BYTES_MAX = 16 * KIB;
const LIST_BYTES_MAX = 512 * KIB;

export function kindOf({ body = 'document' }: { readonly body?: BodyKind }): BodyKind {
  return body;
}

/** Whether the route takes gzip. What is small gains nothing by it, and may hide much. */
export function takesGzip({ routeOptions }: FastifyRequest): boolean {
  return ['object', 'bundle'].includes(kindOf(routeOptions.config));
}

/** Bytes of a body, once unpacked. Of lines (`bundle`), those of a JSON document. */
export function bytesMaxOf(kind: BodyKind, { bodyBytesMax }: Limits): number {
  const own = {
    document: DOCUMENT_BYTES_MAX,
    list: LIST_BYTES_MAX,
    object: OBJECT_BYTES_MAX,
    bundle: bodyBytesMax,
    picture: LOGO_BYTES_MAX,
  };
  return Math.min(own[kind], bodyBytesMax);
}

/** Sets Fastify's own limit of a route. */
export function limitBody(route: RouteOptions, limits: Limits): void {
  route.bodyLimit = bytesMaxOf(kindOf(route.config ?? {}), limits);
}
