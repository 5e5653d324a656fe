/** How large a body may be, and what it may be, by route. */
import type { RouteOptions } from 'fastify';
import { LOGO_BYTES_MAX } from '../../../members/logo.ts';
import { OBJECT_BYTES_MAX } from '../../bundles/ndjson.ts';
import type { Limits } from '../../context.ts';

/**
 * `document`: a small JSON document, as every route takes unless it declares another kind.
 * `list`: a JSON document with lists of members or long texts. `object`: one STIX object.
 * `bundle`: many of them, in one JSON document or one a line. `values`: many values, in one JSON document, or in
 * text of any length. `picture`: an image.
 */
export type BodyKind = 'document' | 'list' | 'object' | 'bundle' | 'values' | 'picture';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The kind of body that the route takes; `document` unless given. */
    body?: BodyKind;
  }
}

const KIB = 1024;
const DOCUMENT_BYTES_MAX = 16 * KIB;
const LIST_BYTES_MAX = 512 * KIB;

export function kindOf({ body = 'document' }: { readonly body?: BodyKind }): BodyKind {
  return body;
}

/** Bytes of a body, once unpacked. Of lines (`bundle`), those of a JSON document. */
function bytesMaxOf(kind: BodyKind, { bodyBytesMax }: Limits): number {
  const own = {
    document: DOCUMENT_BYTES_MAX,
    list: LIST_BYTES_MAX,
    object: OBJECT_BYTES_MAX,
    bundle: bodyBytesMax,
    values: OBJECT_BYTES_MAX,
    picture: LOGO_BYTES_MAX,
  };
  return Math.min(own[kind], bodyBytesMax);
}

/** Says of a route what its body may be like, by its kind. */
export function limitBody(route: RouteOptions, limits: Limits): void {
  const kind = kindOf(route.config ?? {});
  route.bodyLimit = bytesMaxOf(kind, limits);
  route.config = {
    ...route.config,
    takesGzip: kind === 'object' || kind === 'bundle' || kind === 'values',
    takesLongBodies: kind === 'bundle' || kind === 'values',
  };
}
