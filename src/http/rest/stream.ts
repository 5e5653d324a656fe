import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { openCursor, sealCursor } from '../../log/cursor.ts';
import { readPage } from '../../log/reader.ts';
import type { Viewer } from '../../sharing/viewer.ts';
import { findLogBounds, type LogRow } from '../../store/log.ts';
import { disclose } from '../disclose.ts';
import { memberOf, READERS } from '../access.ts';
import { memberBehind } from '../authenticate.ts';
import { toProblem } from '../problem.ts';
import { sendRaw } from '../raw.ts';
import type { Services } from '../context.ts';
import { textAnswer } from './schemas/answer.ts';
import { Cursor } from './schemas/changes.ts';
import { problems } from './schemas/problem.ts';

const StreamQuery = z.strictObject({
  after: Cursor.optional().meta({
    description: 'Where to begin; `Last-Event-ID` goes before it; left out: from now on',
  }),
});

const StreamHeaders = z.looseObject({
  'last-event-id': z
    .string()
    .optional()
    .meta({ description: 'The id of the last event that was read: go on after it' }),
});

const EVENTS_EXAMPLE =
  'event: object\nid: <cursor>\ndata: {"type":"indicator","id":"indicator--…"}\n\n' +
  'event: withdrawn\nid: <cursor>\ndata: "indicator--…"\n\n';

const PAGE = 500;
/** A change of standing wakes a stream; what it misses, or what time alone changes, it finds within a second. */
const LOOK_AGAIN_MS = 800;
const KEEP_ALIVE_MS = 15_000;

/** `GET /stream`: the log as the caller sees it, as server-sent events (WHATWG HTML §9.2). */
export const stream: FastifyPluginCallbackZod<{ services: Services }> = (
  app,
  { services },
  done,
) => {
  app.get(
    '/stream',
    {
      config: { access: READERS, inExercises: true, whileInactive: true },
      schema: {
        operationId: 'getStream',
        summary: 'Follow what changes',
        description:
          'Events `object` (data: the STIX object) and `withdrawn` (data: its id), each with a ' +
          'cursor as its id; give it back as `Last-Event-ID` to go on without a gap.',
        tags: ['Reading'],
        querystring: StreamQuery,
        headers: StreamHeaders,
        response: {
          200: textAnswer('Events, until either side ends it', 'text/event-stream', EVENTS_EXAMPLE),
          ...problems(400, 401, 403),
        },
      },
    },
    async (request, reply) => {
      const place = await startingPlace(services, request, request.query.after);
      const ended = new AbortController();
      request.raw.once('close', () => ended.abort());
      const signal = AbortSignal.any([ended.signal, services.stopping]);
      const body = Readable.from(events(services, request, place, signal));
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
      // Kept for a next request, the connection of a stream that a stop ended would hold up the stop.
      reply.header('connection', 'close');
      await sendRaw(reply, 'text/event-stream; charset=utf-8', body);
    },
  );
  done();
};

async function startingPlace(
  services: Services,
  request: FastifyRequest,
  after: string | undefined,
): Promise<number> {
  const lastEventId = request.headers['last-event-id'];
  const cursor = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : after;
  if (cursor !== undefined) {
    return openCursor(services.keyring, memberOf(request).viewer, cursor);
  }
  const { head } = await findLogBounds(services.db);
  return head;
}

/**
 * The events, one chunk a page. The key or session is checked anew for every page, so that a change
 * of key, user, agreement or group applies to an open stream too; when it no longer serves, a last event
 * `problem` says why.
 */
async function* events(
  services: Services,
  request: FastifyRequest,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let place = from;
  let spokenAt = 0;
  while (!signal.aborted) {
    const turn = await readTurn(services, request, place);
    if ('problem' in turn) {
      yield turn.problem;
      return;
    }
    const quietMs = performance.now() - spokenAt;
    if (turn.text !== '' || quietMs > KEEP_ALIVE_MS || spokenAt === 0) {
      yield `${turn.text}id: ${turn.cursor}\n\n`;
      spokenAt = performance.now();
    }
    place = turn.next;
    if (!turn.more) await services.signal.beyond(place, LOOK_AGAIN_MS, signal);
  }
}

type Turn = { text: string; cursor: string; next: number; more: boolean } | { problem: string };

async function readTurn(services: Services, request: FastifyRequest, after: number): Promise<Turn> {
  try {
    const { viewer } = await memberBehind(services, request);
    const { rows, next, more } = await readPage(services.db, viewer, { after, limit: PAGE });
    disclose(services, request, 'stream', { objects: rows.length, place: next });
    const text = rows.map((row) => toEvent(services, viewer, row)).join('');
    return { text, cursor: sealCursor(services.keyring, viewer, next), next, more };
  } catch (error) {
    const { code, message } = toProblem(error);
    if (code === 'internal_error') request.log.error({ err: error }, 'stream failed');
    return { problem: `event: problem\ndata: ${JSON.stringify({ code, detail: message })}\n\n` };
  }
}

function toEvent({ keyring }: Services, viewer: Viewer, row: LogRow): string {
  const id = sealCursor(keyring, viewer, row.seq);
  return row.content === null
    ? `event: withdrawn\nid: ${id}\ndata: ${JSON.stringify(row.stixId)}\n\n`
    : `event: object\nid: ${id}\ndata: ${row.content}\n\n`;
}
