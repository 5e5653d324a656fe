/**
 * A door that no other knows: its own prefix, media type, form of errors and parser of bodies. The
 * product has no such door; it stands for the next one.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PROBLEMS } from '../../src/errors.ts';
import { READERS } from '../../src/http/auth/access.ts';
import { textOf } from '../../src/http/body/read.ts';
import type { Services } from '../../src/http/context.ts';
import type { Door } from '../../src/http/door.ts';

export const PREFIX = '/second';
export const MEDIA_TYPE = 'application/vnd.second+json';
export const BYTES_MAX = 64;

/** Errors as this door writes them: nothing of RFC 9457 is in them. */
export const ErrorBody = z.strictObject({
  title: z.string(),
  http_status: z.string(),
  error_code: z.string(),
  error_id: z.string(),
  description: z.string(),
});

/** Takes `{"words": […]}` and answers how many there are. */
export function secondDoor(services: Services): Door {
  return {
    prefix: PREFIX,
    errors: {
      contentType: `${MEDIA_TYPE};version=1`,
      challenge: 'Basic realm="second"',
      body: ({ code, message }, requestId) => {
        const { title, status } = PROBLEMS[code];
        const rest = { error_code: code, error_id: requestId, description: message };
        return JSON.stringify({ title, http_status: String(status), ...rest });
      },
    },
    open: (scope) => {
      scope.addContentTypeParser(MEDIA_TYPE, async (request: FastifyRequest) =>
        JSON.parse(await textOf(services, request)),
      );
      addRoutes(scope);
    },
  };
}

function addRoutes(scope: FastifyInstance): void {
  const Words = z.strictObject({ words: z.array(z.string()) });
  const schema = { hide: true };
  scope.post<{ Body: z.infer<typeof Words> }>(
    '/words/',
    {
      config: { access: READERS },
      bodyLimit: BYTES_MAX,
      schema: { ...schema, body: Words },
    },
    (request) => ({ count: request.body.words.length }),
  );
  scope.get('/crash', { config: { access: 'public' }, schema }, () => {
    throw new Error('a fault of the code');
  });
}
