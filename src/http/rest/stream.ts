import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { openCursor } from '../../log/cursor.ts';
import { memberOf, READERS } from '../auth/access.ts';
import { sendRaw } from '../edge/raw.ts';
import { createStreamHub } from '../streams/hub.ts';
import type { Services } from '../context.ts';
import { textAnswer } from '../document/answer.ts';
import { asPosted } from './schemas/context.ts';
import { Current, Cursor } from './schemas/changes.ts';
import { problems } from '../document/problems.ts';

const StreamQuery = z.strictObject({
  after: Cursor.optional().meta({
    description: 'Where to start. `Last-Event-ID` overrides it. Without both, now',
  }),
  current: Current,
  as_posted: asPosted,
});

const StreamHeaders = z.looseObject({
  'last-event-id': z
    .string()
    .optional()
    .meta({ description: 'The id of the last event that you read: the stream continues after it' }),
});

const EVENTS_EXAMPLE =
  'event: context\ndata: {"tlp":"amber","sharers":["cert-a"]}\n\n' +
  'event: object\nid: <cursor>\ndata: {"type":"indicator","id":"indicator--…"}\n\n' +
  'event: withdrawn\nid: <cursor>\ndata: "indicator--…"\n\n';

/** `GET /stream`: the log as the caller sees it, as server-sent events (WHATWG HTML §9.2). */
export const stream: FastifyPluginCallbackZod<{ services: Services }> = (
  app,
  { services },
  done,
) => {
  const hub = createStreamHub(services);
  app.addHook('onClose', async () => hub.close());
  app.get(
    '/stream',
    {
      config: { access: READERS, streams: true, inExercises: true, whileInactive: true },
      schema: {
        operationId: 'getStream',
        summary: 'Follow what changes',
        description:
          'Events `context` and `object` (data: the STIX object, and right before it its context) ' +
          'and `withdrawn` (data: its id). Objects and withdrawals have a cursor as their id; send it as `Last-Event-ID` to continue without a gap.',
        tags: ['Reading'],
        querystring: StreamQuery,
        headers: StreamHeaders,
        response: {
          200: textAnswer('Events, until either side ends it', 'text/event-stream', EVENTS_EXAMPLE),
          ...problems(400, 401, 403, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const after = startingSeq(services, request, request.query.after);
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
      // Kept for a next request, the connection of a stream that a stop ended would hold up the stop.
      reply.header('connection', 'close');
      const { current, as_posted: asPosted } = request.query;
      const events = await hub.open(request, { after, current, asPosted });
      await sendRaw(reply, 'text/event-stream; charset=utf-8', events);
    },
  );
  done();
};

/** Undefined where the client names no cursor. Throws Problem cursor_invalid. */
function startingSeq(
  { keyring }: Services,
  request: FastifyRequest,
  after: string | undefined,
): number | undefined {
  const lastEventId = request.headers['last-event-id'];
  const isReturning = typeof lastEventId === 'string' && lastEventId !== '';
  const [cursor, path] = isReturning
    ? [lastEventId, 'last-event-id']
    : [after, 'querystring.after'];
  if (cursor === undefined) return undefined;
  return openCursor(keyring, memberOf(request).viewer, cursor, path);
}
