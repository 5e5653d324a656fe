import { inSlices } from '../../../concurrency/slices.ts';
import { openNumber, sealNumber } from '../../../log/cursor.ts';
import { readRelated, type RelatedPage } from '../../../reading/related.ts';
import { SEARCH_PAGE_BYTES } from '../../../reading/search.ts';
import { labelOf } from '../../../sharing/realm.ts';
import { memberOf, READERS } from '../../auth/access.ts';
import { answer } from '../../document/answer.ts';
import { problems } from '../../document/problems.ts';
import { makeRoom } from '../../edge/answers.ts';
import { sourceOf } from '../../edge/fairness.ts';
import { sendRaw } from '../../edge/raw.ts';
import { readingOf } from '../../member-reading.ts';
import { noun, type Route } from '../../zod-app.ts';
import { ObjectParams } from '../schemas/object.ts';
import { RelatedAnswer, RelatedQuery } from '../schemas/search.ts';
import { rendered } from './rendered.ts';

const read: Route = (app, services) => {
  app.get(
    '/objects/:id/related',
    {
      config: { access: READERS, reads: true, inExercises: true },
      schema: {
        operationId: 'getRelated',
        summary: 'List the objects that are related to an object',
        description:
          'The objects one step away that you see, newest first: by a relationship, by naming the object (reports, ' +
          'sightings, notes, opinions …) or being named by it, with the same observable or the same pattern. ' +
          'Of one observable, at most 100 other objects count; `capped` has the values of which there are more.',
        tags: ['Reading'],
        params: ObjectParams,
        querystring: RelatedQuery,
        response: {
          200: answer('A page of objects', RelatedAnswer),
          ...problems(400, 401, 403, 404, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { viewer, realm } = memberOf(request);
      const { id } = request.params;
      const { limit, after, as_posted: asPosted } = request.query;
      const kind = `search related ${id}` as const;
      const { keyring } = services;
      const cursor = { text: after ?? '', path: 'querystring.after' };
      const from = after === undefined ? after : openNumber(keyring, viewer, kind, cursor);
      await makeRoom(services, request, reply, SEARCH_PAGE_BYTES);
      const input = { stixId: id, after: from, limit, now: services.clock.now() };
      const page = await readRelated(readingOf(services, request), input);
      const next = page.next === undefined ? null : sealNumber(keyring, viewer, kind, page.next);
      const tail = { relations: relationsOf(page), capped: page.capped, next };
      const form = { realm: realm.slug, asPosted };
      const texts = rendered(page.rows, form, { head: labelOf(realm), tail });
      const body = await inSlices(sourceOf(request), texts);
      await sendRaw(reply, 'application/json; charset=utf-8', body);
    },
  );
};

/** `GET /objects/{id}/related` */
export const related = noun(read);

function relationsOf({ rows }: RelatedPage): object[] {
  return rows.map(({ relations }) =>
    relations.map(({ by, detail }) => ({ by, ...(detail === '' ? {} : { detail }) })),
  );
}
