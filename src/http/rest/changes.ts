import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { inSlices } from '../../concurrency/slices.ts';
import { openCursor, sealCursor } from '../../log/cursor.ts';
import { PAGE_BYTES, readChanges, type LogPage } from '../../reading/changes.ts';
import { isPut } from '../../sharing/log-row.ts';
import { labelOf } from '../../sharing/realm.ts';
import { serveObject, type ServedForm } from '../../sharing/served.ts';
import { memberOf, READERS } from '../auth/access.ts';
import { makeRoom } from '../edge/answers.ts';
import { ByteWriter } from '../edge/byte-writer.ts';
import { sourceOf } from '../edge/fairness.ts';
import { prefers } from '../edge/negotiation.ts';
import { sendRaw } from '../edge/raw.ts';
import type { Services } from '../context.ts';
import { createLongPoll } from '../streams/long-poll.ts';
import { readingOf } from '../member-reading.ts';
import { answer, textAnswer } from '../document/answer.ts';
import { ChangesAnswer, ChangesQuery } from './schemas/changes.ts';
import { problems } from '../document/problems.ts';

const NDJSON = 'application/x-ndjson';

const LINES_EXAMPLE =
  '{"object":{"type":"indicator","id":"indicator--…"},"context":{"tlp":"amber","sharers":["cert-a"]}}\n' +
  '{"withdrawn":"indicator--…"}\n' +
  '{"next":"<cursor>","more":false}\n';
const PAGE = 'What changed, and the cursor to continue from';
const PAGE_ANSWER = {
  description: PAGE,
  content: {
    ...answer(PAGE, ChangesAnswer).content,
    ...textAnswer(PAGE, NDJSON, LINES_EXAMPLE).content,
  },
};

/** `GET /changes`: the log as the caller sees it, page by page. */
export const changes: FastifyPluginCallbackZod<{ services: Services }> = (
  app,
  { services },
  done,
) => {
  const longPoll = createLongPoll(services);
  app.get(
    '/changes',
    {
      config: { access: READERS, reads: true, inExercises: true, whileInactive: true },
      schema: {
        operationId: 'getChanges',
        summary: 'List what changed since a cursor',
        description:
          'Every object version that became visible to you and every id that ceased to be ' +
          'visible, in one order, without gaps. With `Accept: application/x-ndjson`: a line ' +
          '`{"object": …, "context": …}` or `{"withdrawn": id}` each, then `{"next": …, "more": …}`. ' +
          'With `wait`, a request that finds nothing new is answered as soon as there is something.',
        tags: ['Reading'],
        querystring: ChangesQuery,
        response: { 200: PAGE_ANSWER, ...problems(400, 401, 403, 406, 410) },
      },
    },
    async (request, reply) => {
      const type = prefers(request, ['application/json', NDJSON]);
      const { viewer, realm } = memberOf(request);
      const { after, limit, current, wait, as_posted: asPosted } = request.query;
      const from =
        after === undefined ? 0 : openCursor(services.keyring, viewer, after, 'querystring.after');
      if (wait > 0) await longPoll(request, reply, { after: from, waitMs: wait * 1000 });
      await makeRoom(services, request, reply, PAGE_BYTES);
      const reading = readingOf(services, request);
      const page = await readChanges(reading, { after: from, limit, current });
      const next = sealCursor(services.keyring, viewer, page.next);
      const tail = { ...labelOf(realm), next, more: page.more };
      const form = { realm: realm.slug, asPosted };
      const render = type === NDJSON ? asLines : asDocument;
      const body = await inSlices(sourceOf(request), render(page, tail, form));
      await sendRaw(reply, `${type}; charset=utf-8`, body);
    },
  );
  done();
};

/** Rows that are rendered in one step. */
const STEP = 32;

/** A page on its way to the bytes of the answer. */
type Rendering = Generator<undefined, Buffer>;

/** About what stands around an object, its context included. */
const AROUND = 400;

function writerFor({ rows }: LogPage): ByteWriter {
  return new ByteWriter(rows.reduce((sum, row) => sum + AROUND + (row.content?.length ?? 0), 0));
}

/** Objects are stored as JSON, so they are put together, not parsed and written again. */
function* asDocument(page: LogPage, place: object, form: ServedForm): Rendering {
  const [body, contexts] = [writerFor(page), new ByteWriter(page.rows.length * AROUND)];
  const withdrawn: string[] = [];
  let comma = '';
  body.write('{"objects":[');
  for (const [index, row] of page.rows.entries()) {
    if (index % STEP === 0) yield undefined;
    if (!isPut(row)) withdrawn.push(row.stixId);
    else {
      const { object, context } = serveObject(row, form);
      body.write(comma);
      body.write(object);
      contexts.write(comma);
      contexts.write(context);
      comma = ',';
    }
  }
  body.write(`],"withdrawn":${JSON.stringify(withdrawn)},"context":[`);
  body.append(contexts);
  body.write(`],${JSON.stringify(place).slice(1)}`);
  return body.written;
}

function* asLines(page: LogPage, place: object, form: ServedForm): Rendering {
  const body = writerFor(page);
  for (const [index, row] of page.rows.entries()) {
    if (index % STEP === 0) yield undefined;
    if (!isPut(row)) body.write(`${JSON.stringify({ withdrawn: row.stixId })}\n`);
    else {
      const { object, context } = serveObject(row, form);
      body.write('{"object":');
      body.write(object);
      body.write(`,"context":${context}}\n`);
    }
  }
  body.write(`${JSON.stringify(place)}\n`);
  return body.written;
}
