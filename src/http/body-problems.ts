/** What Fastify finds wrong with a body before it is read, in our words: by what the route takes. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';

const TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE';
const WRONG_TYPES = ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'FST_ERR_CTP_EMPTY_TYPE'];

/** The problem, or undefined when the error is about something else. */
export function problemOfBody(
  error: unknown,
  { bodyLimit, config }: Pick<FastifyRequest['routeOptions'], 'bodyLimit' | 'config'>,
): Problem | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === TOO_LARGE) {
    const detail =
      config.takesPicture === true
        ? `A picture may have ${bodyLimit} bytes`
        : `One JSON document may have ${bodyLimit} bytes. Objects in any number can be POSTed to ` +
          '/api/v1/bundles one a line, as application/x-ndjson';
    return new Problem('body_too_large', detail, { extra: { limit_bytes: bodyLimit } });
  }
  if (!WRONG_TYPES.includes(String(error.code))) return undefined;
  return new Problem('content_type_unsupported', `Send ${typesTaken(config)}`, {
    path: 'content-type',
  });
}

function typesTaken(config: FastifyRequest['routeOptions']['config']): string {
  if (config.takesPicture === true) return 'image/png or image/jpeg';
  if (config.takesBundles !== true) return 'application/json';
  return (
    'application/json or application/stix+json;version=2.1 with one bundle or object, or ' +
    'application/x-ndjson with one object a line'
  );
}
