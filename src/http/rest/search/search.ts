import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { inSlices } from '../../../concurrency/slices.ts';
import { openNumber, sealNumber } from '../../../log/cursor.ts';
import { SEARCH_PAGE_BYTES, searchObjects } from '../../../reading/search.ts';
import type { SearchFilter } from '../../../search/filter.ts';
import { labelOf } from '../../../sharing/realm.ts';
import { memberOf, READERS } from '../../auth/access.ts';
import type { Services } from '../../context.ts';
import { answer } from '../../document/answer.ts';
import { problems } from '../../document/problems.ts';
import { makeRoom } from '../../edge/answers.ts';
import { sourceOf } from '../../edge/fairness.ts';
import { sendRaw } from '../../edge/raw.ts';
import { readingOf } from '../../member-reading.ts';
import { noun, type Route } from '../../zod-app.ts';
import { SearchAnswer, SearchQuery } from '../schemas/search.ts';
import { filterOf, onlyIndicators } from './filter.ts';
import { rendered } from './rendered.ts';

const CONFIG = { access: READERS, reads: true, inExercises: true } as const;
const SCHEMA = {
  tags: ['Reading'],
  querystring: SearchQuery,
  response: {
    200: answer('A page of objects', SearchAnswer),
    ...problems(400, 401, 403, 422, 503),
  },
};
const DESCRIPTION =
  'Values of one parameter are alternatives, and parameters narrow one another. Each object is the ' +
  'version that `GET /objects/{id}` returns. An object that was posted again while you page moves to the ' +
  'place of the newer version.';

const indicators: Route = (app, services) => {
  app.get(
    '/indicators',
    {
      config: CONFIG,
      schema: {
        ...SCHEMA,
        operationId: 'searchIndicators',
        summary: 'Search for indicators',
        description: DESCRIPTION,
      },
    },
    async (request, reply) => {
      await search(
        services,
        request,
        reply,
        onlyIndicators(filterOf(partsOf(request.query).filter)),
        request.query,
      );
    },
  );
};

const objects: Route = (app, services) => {
  app.get(
    '/objects',
    {
      config: CONFIG,
      schema: {
        ...SCHEMA,
        operationId: 'searchObjects',
        summary: 'Search for objects of any type',
        description: DESCRIPTION,
      },
    },
    async (request, reply) => {
      await search(
        services,
        request,
        reply,
        filterOf(partsOf(request.query).filter),
        request.query,
      );
    },
  );
};

/** `GET /indicators` and `GET /objects`: what satisfies a filter. */
export const searches = noun(indicators, objects);

function partsOf({ duplicates, order, after, limit, as_posted: _, ...filter }: SearchQuery) {
  return { filter, duplicates, order, after, limit };
}

async function search(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  filter: SearchFilter,
  query: SearchQuery,
): Promise<void> {
  const { viewer, realm } = memberOf(request);
  const { limit, order, duplicates, after, as_posted: asPosted } = query;
  const kind = `search ${fingerprint({ filter, order, duplicates })}` as const;
  const path = 'querystring.after';
  const from =
    after === undefined ? after : openNumber(services.keyring, viewer, kind, { text: after, path });
  await makeRoom(services, request, reply, SEARCH_PAGE_BYTES);
  const page = await searchObjects(readingOf(services, request), {
    filter,
    newest: order === 'newest',
    collapse: duplicates === 'collapse',
    after: from,
    limit,
    now: services.clock.now(),
  });
  const next =
    page.next === undefined ? null : sealNumber(services.keyring, viewer, kind, page.next);
  const form = { realm: realm.slug, asPosted };
  const tail = {
    ...(duplicates === 'collapse' ? { duplicates: page.rows.map((row) => row.duplicates) } : {}),
    next,
    complete: page.isComplete,
  };
  const body = await inSlices(
    sourceOf(request),
    rendered(page.rows, form, { head: labelOf(realm), tail }),
  );
  await sendRaw(reply, 'application/json; charset=utf-8', body);
}

/** A cursor is of one search: of another, it would be somewhere in the middle of nothing. */
function fingerprint(search: object): string {
  return createHash('sha256').update(JSON.stringify(search)).digest('base64url');
}
