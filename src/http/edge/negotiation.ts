import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { Problem } from '../../errors.ts';
import { STIX_TYPES } from '../body/media-type.ts';

/**
 * The media type, of those offered (the best first), that the request prefers (RFC 9110 §12.5.1).
 * Throws Problem not_acceptable.
 */
export function prefers<const T extends string>(request: FastifyRequest, offered: readonly T[]): T {
  const accept = plainRanges(request.headers.accept ?? '*/*');
  const chosen = new Negotiator({ headers: { accept } }).mediaType([...offered]);
  const type = offered.find((one) => one === chosen);
  if (type === undefined) {
    throw new Problem('not_acceptable', `Available media types: ${offered.join(', ')}.`, {
      path: 'accept',
    });
  }
  return type;
}

/**
 * The ranges without parameters but their weight: versions and character sets do not matter here,
 * and a range with a parameter would match no type without it. STIX is answered as plain JSON.
 */
function plainRanges(accept: string): string {
  const ranges = accept.split(',').map((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const type = STIX_TYPES.some((stix) => stix === name) ? 'application/json' : name;
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
    return weight === undefined ? type : `${type};${weight}`;
  });
  return ranges.join(',');
}
