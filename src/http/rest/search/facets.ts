import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { countFacets, type Facets } from '../../../reading/search.ts';
import type { SearchFilter } from '../../../search/filter.ts';
import { memberOf, READERS } from '../../auth/access.ts';
import type { Services } from '../../context.ts';
import { answer } from '../../document/answer.ts';
import { problems } from '../../document/problems.ts';
import { readingOf } from '../../member-reading.ts';
import { labelOf } from '../../../sharing/realm.ts';
import { noun, type Route } from '../../zod-app.ts';
import { FacetsAnswer, FacetsQuery } from '../schemas/search.ts';
import { filterOf, onlyIndicators } from './filter.ts';

const CONFIG = { access: READERS, reads: true, inExercises: true } as const;
const SCHEMA = {
  description:
    'How often each value of the given fields occurs among what the search finds, at most 50 values of a field. ' +
    'At most 10,000 objects are counted, the newest ones; where there are more, the counts are estimates.',
  tags: ['Reading'],
  querystring: FacetsQuery,
  response: { 200: answer('The counts', FacetsAnswer), ...problems(400, 401, 403, 422, 503) },
};

const ofIndicators: Route = (app, services) => {
  app.get(
    '/indicators/facets',
    {
      config: CONFIG,
      schema: {
        ...SCHEMA,
        operationId: 'countIndicatorFacets',
        summary: 'Count indicators by label, producer and other fields',
      },
    },
    (request) => {
      const { fields, ...filter } = request.query;
      return count(services, request, onlyIndicators(filterOf(filter)), fields);
    },
  );
};

const ofObjects: Route = (app, services) => {
  app.get(
    '/objects/facets',
    {
      config: CONFIG,
      schema: {
        ...SCHEMA,
        operationId: 'countObjectFacets',
        summary: 'Count objects by type, label and other fields',
      },
    },
    (request) => {
      const { fields, ...filter } = request.query;
      return count(services, request, filterOf(filter), fields);
    },
  );
};

/** `GET /indicators/facets` and `GET /objects/facets`. */
export const facets = noun(ofIndicators, ofObjects);

type Fields = Parameters<typeof countFacets>[1]['fields'];

async function count(
  services: Services,
  request: FastifyRequest,
  filter: SearchFilter,
  fields: Fields,
): Promise<z.output<typeof FacetsAnswer>> {
  const input = { filter, fields, now: services.clock.now() };
  const found = await countFacets(readingOf(services, request), input);
  return {
    ...labelOf(memberOf(request).realm),
    ...toAnswer(found, fields),
    complete: found.isComplete,
  };
}

function toAnswer({ values, counted, more }: Facets, fields: Fields) {
  const of = (field: string) =>
    values
      .filter((one) => one.field === field)
      .map(({ value, count: objects }) => ({ value, count: objects }));
  return {
    counted,
    more,
    estimated: more,
    facets: Object.fromEntries(fields.map((field) => [field, of(field)])),
  };
}
