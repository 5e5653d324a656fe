import { z } from 'zod';
import { inSlices } from '../../../concurrency/slices.ts';
import { readHistory, type HistoryRow } from '../../../reading/history.ts';
import { VERSIONS_BYTES, VERSIONS_MAX } from '../../../reading/object.ts';
import { labelOf } from '../../../sharing/realm.ts';
import { serveObject, type ServedForm } from '../../../sharing/served.ts';
import { memberOf, READERS } from '../../auth/access.ts';
import { makeRoom } from '../../edge/answers.ts';
import { sourceOf } from '../../edge/fairness.ts';
import { sendRaw } from '../../edge/raw.ts';
import { readingOf } from '../../member-reading.ts';
import { noun, type Route } from '../../zod-app.ts';
import { answer } from '../../document/answer.ts';
import { RealmLabel } from '../schemas/changes.ts';
import { AsPostedQuery, ContextAnswer } from '../schemas/context.ts';
import { ObjectParams, StixAnswer } from '../schemas/object.ts';
import { problems } from '../../document/problems.ts';

const HistoryAnswer = z
  .object({
    realm: RealmLabel,
    versions: z.array(
      z.object({
        accepted_at: z.iso.datetime().meta({ description: 'When the server accepted it' }),
        current: z.boolean().meta({ description: 'Whether its sharer has not shared a newer one' }),
        context: ContextAnswer,
        object: StixAnswer,
      }),
    ),
  })
  .meta({ id: 'History' });

const read: Route = (app, services) => {
  app.get(
    '/objects/:id/history',
    {
      config: { access: READERS, reads: true, inExercises: true },
      schema: {
        operationId: 'getHistory',
        summary: 'Get the history of an object',
        description:
          `Up to ${VERSIONS_MAX} versions that you see (fewer where they come to 16 MiB), newest ` +
          'first: of this object, and of the indicators that say the same under other ids, as producers that mint new ids at each ' +
          'release make them.',
        tags: ['Reading'],
        params: ObjectParams,
        querystring: AsPostedQuery,
        response: {
          200: answer('The versions', HistoryAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const { realm } = memberOf(request);
      await makeRoom(services, request, reply, VERSIONS_BYTES);
      const rows = await readHistory(readingOf(services, request), request.params.id);
      const head = JSON.stringify({ ...labelOf(realm), versions: [] });
      const form = { realm: realm.slug, asPosted: request.query.as_posted };
      const texts = await inSlices(sourceOf(request), toTexts(rows, form));
      const body = `${head.slice(0, -2)}${texts.join(',')}]}`;
      await sendRaw(reply, 'application/json; charset=utf-8', body);
    },
  );
};

/** `GET /objects/{id}/history` */
export const history = noun(read);

/** One step for each version. */
function* toTexts(rows: readonly HistoryRow[], form: ServedForm): Generator<undefined, string[]> {
  const texts: string[] = [];
  for (const row of rows) {
    texts.push(toText(row, form));
    yield undefined;
  }
  return texts;
}

function toText(row: HistoryRow, form: ServedForm): string {
  const { object, context } = serveObject(row, form);
  const head = JSON.stringify({
    accepted_at: row.acceptedAt.toISOString(),
    current: !row.superseded,
  });
  return `${head.slice(0, -1)},"context":${context},"object":${object}}`;
}
