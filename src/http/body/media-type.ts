/** What a request says its body is. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';

/** Media types of one JSON document, and of one object a line. */
const JSON_TYPE = /^application\/(json|stix\+json)$/;
const NDJSON_TYPE = /^application\/(x-ndjson|ndjson|jsonl)$/;

/** Whether the request's body is one object a line. */
export function isNdjson(request: FastifyRequest): boolean {
  return NDJSON_TYPE.test(mediaType(request).essence);
}

/** STIX 2.1 §1.6.3 names the version; a charset other than UTF-8 is not JSON (RFC 8259 §8.1). */
export function refuseParameters(request: FastifyRequest): void {
  const { essence, parameters } = mediaType(request);
  for (const parameter of parameters) {
    const [name = '', quoted = ''] = parameter.split('=').map((part) => part.trim());
    const value = quoted.replaceAll('"', '');
    const fits =
      (name === 'charset' && value === 'utf-8') ||
      (name === 'version' && JSON_TYPE.test(essence) && (value === '2.1' || value === '2.0'));
    if (fits) continue;
    throw new Problem(
      'content_type_unsupported',
      `The parameter ${name.slice(0, 60)} does not fit ${essence}`,
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
