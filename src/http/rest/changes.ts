import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { LogPage } from '../../log/reader.ts';
import { PAGE_BYTES, readPage } from '../../log/reader.ts';
import { openCursor, sealCursor } from '../../log/cursor.ts';
import { labelOf } from '../../sharing/realm.ts';
import { disclose } from '../disclose.ts';
import { memberOf, READERS } from '../access.ts';
import { makeRoom } from '../answers.ts';
import { prefers } from '../negotiation.ts';
import { sendRaw } from '../raw.ts';
import type { Services } from '../context.ts';
import { answer, textAnswer } from './schemas/answer.ts';
import { ChangesAnswer, ChangesQuery } from './schemas/changes.ts';
import { problems } from './schemas/problem.ts';

const NDJSON = 'application/x-ndjson';

const LINES_EXAMPLE =
  '{"object":{"type":"indicator","id":"indicator--…"}}\n' +
  '{"withdrawn":"indicator--…"}\n' +
  '{"next":"<cursor>","more":false}\n';
const PAGE = 'What changed, and the cursor to go on from';
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
  app.get(
    '/changes',
    {
      config: { access: READERS, reads: true, inExercises: true, whileInactive: true },
      schema: {
        operationId: 'getChanges',
        summary: 'Read what changed since a cursor',
        description:
          'Every object version that became visible to you and every id that ceased to be, in one ' +
          'order, without gaps. With `Accept: application/x-ndjson`: a line ' +
          '`{"object": …}` or `{"withdrawn": id}` each, then `{"next": …, "more": …}`.',
        tags: ['Reading'],
        querystring: ChangesQuery,
        response: { 200: PAGE_ANSWER, ...problems(400, 401, 403, 406, 410) },
      },
    },
    async (request, reply) => {
      const type = prefers(request, ['application/json', NDJSON]);
      const { viewer, realm } = memberOf(request);
      const { after, limit, current } = request.query;
      const from = after === undefined ? 0 : openCursor(services.keyring, viewer, after, 'after');
      await makeRoom(services, request, reply, PAGE_BYTES);
      const page = await readPage(services.db, viewer, { after: from, limit, current });
      disclose(services, request, 'changes', { objects: page.rows.length, place: page.next });
      const next = sealCursor(services.keyring, viewer, page.next);
      const tail = { ...labelOf(realm), next, more: page.more };
      const body = toBytes(type === NDJSON ? asLines(page, tail) : asDocument(page, tail));
      await sendRaw(reply, `${type}; charset=utf-8`, body);
    },
  );
  done();
};

/** The contents are kept as JSON, so they are put together, not parsed and written again. */
function* asDocument({ rows }: LogPage, place: object): Generator<string> {
  const withdrawn: string[] = [];
  let before = '{"objects":[';
  for (const { kind, stixId, content } of rows) {
    if (kind === 'withdraw') withdrawn.push(stixId);
    if (content === null) continue;
    yield before;
    yield content;
    before = ',';
  }
  if (before !== ',') yield before;
  yield `],${JSON.stringify({ withdrawn, ...place }).slice(1)}`;
}

function* asLines({ rows }: LogPage, place: object): Generator<string> {
  for (const { content, stixId } of rows) {
    if (content === null) yield JSON.stringify({ withdrawn: stixId });
    else {
      yield '{"object":';
      yield content;
      yield '}';
    }
    yield '\n';
  }
  yield `${JSON.stringify(place)}\n`;
}

/** One buffer, without the text of the whole in between: a page is large, and memory is not. */
function toBytes(pieces: Iterable<string>): Buffer {
  const list = [...pieces];
  const bytes = Buffer.allocUnsafe(list.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0));
  let at = 0;
  for (const piece of list) at += bytes.write(piece, at);
  return bytes;
}
