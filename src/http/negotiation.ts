import '@fastify/accepts';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';

/**
 * The media type, of those offered (the best first), that the request prefers (RFC 9110 §12.5.1).
 * Throws Problem not_acceptable.
 */
export function prefers<const T extends string>(request: FastifyRequest, offered: readonly T[]): T {
  const chosen = request.accepts().type([...offered]);
  const type = offered.find((one) => one === chosen);
  if (type === undefined) {
    throw new Problem('not_acceptable', `This can be had as ${offered.join(' or ')}`, {
      path: 'accept',
    });
  }
  return type;
}
