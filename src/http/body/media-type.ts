/** What a request says its body is. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';

/** STIX 2.1 §1.6.3, and STIX 2.0 part 1 §7. */
export const STIX_TYPES = ['application/stix+json', 'application/vnd.oasis.stix+json'] as const;

/** Content types of one JSON document, and of one object a line. */
export const JSON_TYPE = /^application\/(?:json|stix\+json|vnd\.oasis\.stix\+json)\s*(?:;|$)/i;
export const NDJSON_TYPE = /^application\/(?:x-ndjson|ndjson|jsonl)\s*(?:;|$)/i;

/** Plain lists and tables, read as they come. */
export const TEXT_TYPE = /^text\/(?:csv|plain)\s*(?:;|$)/i;

/** A version of STIX: the objects themselves say which one they follow. */
const VERSION = /^\d{1,3}(?:\.\d{1,3}){0,2}$/;

/** Whether the request's body is one object a line. */
export function isNdjson({ headers }: FastifyRequest): boolean {
  return NDJSON_TYPE.test((headers['content-type'] ?? '').trim());
}

/** Whether the request's body is plain text or a table. */
export function isText({ headers }: FastifyRequest): boolean {
  return TEXT_TYPE.test((headers['content-type'] ?? '').trim());
}

/** Whether it is a table. */
export function isCsv({ headers }: FastifyRequest): boolean {
  return /^text\/csv\s*(?:;|$)/i.test((headers['content-type'] ?? '').trim());
}

/** STIX 2.1 §1.6.3 names the version; a charset other than UTF-8 is not JSON (RFC 8259 §8.1). */
export function refuseParameters(request: FastifyRequest): void {
  const { essence, parameters } = mediaType(request);
  const names = new Set<string>();
  for (const parameter of parameters) {
    const [name = '', quoted = ''] = parameter.split('=').map((part) => part.trim());
    const value = quoted.replace(/^"(.*)"$/, '$1');
    const isKnown =
      (name === 'charset' && /^utf-?8$/.test(value)) ||
      (name === 'version' && JSON_TYPE.test(essence) && VERSION.test(value));
    if (isKnown && !names.has(name)) {
      names.add(name);
      continue;
    }
    throw new Problem(
      'content_type_unsupported',
      `The parameter ${name.slice(0, 60)} does not fit ${essence}. Leave it out, or send UTF-8.`,
      { path: 'content-type' },
    );
  }
}

function mediaType({ headers }: FastifyRequest): { essence: string; parameters: string[] } {
  const [essence = '', ...parameters] = (headers['content-type'] ?? '').split(';');
  return {
    essence: essence.trim().toLowerCase(),
    parameters: parameters.map((text) => text.trim().toLowerCase()).filter((text) => text !== ''),
  };
}
