import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { readColumnChoice, type ColumnChoice } from '../../formats/list/columns.ts';
import { contextOfTexts, CONTEXT_FIELDS, ValueContext } from '../../formats/list/context.ts';
import type { ListTerms } from '../../formats/list/entry.ts';
import { ListReader, readJsonEntry, type SizedEntry } from '../../formats/list/list.ts';
import { chooseAudience } from '../../indicators/audience.ts';
import { makerOf } from '../../indicators/maker.ts';
import { memberOf, PUBLISHERS, readmit } from '../auth/access.ts';
import { isCsv, isText } from '../body/media-type.ts';
import { accountOf, type LinesBody } from '../body/read.ts';
import { refuseMisplacedParameters } from '../bundles/misplaced-parameters.ts';
import { summarise } from '../bundles/summary.ts';
import { acceptValues, type ValuesRequest } from '../bundles/values.ts';
import type { Services } from '../context.ts';
import { answer } from '../document/answer.ts';
import { LIST_BODIES } from '../document/list-bodies.ts';
import { problems } from '../document/problems.ts';
import { sendRaw } from '../edge/raw.ts';
import { checkedBody, checkedQuery } from '../validation/compiler.ts';
import { noun, type Route } from '../zod-app.ts';
import { ValuesAnswer, ValuesBody, ValuesQuery } from './schemas/values.ts';

const post: Route = (app, services) => {
  app.post(
    '/values',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'values', takes: LIST_BODIES },
      schema: {
        operationId: 'postValues',
        summary: 'Share a plain list of values',
        description:
          'Send addresses, domains, URLs, hashes and other values as JSON, `text/csv` or `text/plain`. Each ' +
          'becomes an indicator, whose id depends on your organisation and the value alone. Posted again, a ' +
          'value is `unchanged`, or `updated` if what is said about it differs. Text may be of any length and is ' +
          'stored in parts as it arrives, as lines of `POST /bundles` are.',
        tags: ['Sharing'],
        querystring: ValuesQuery,
        response: {
          200: answer('The outcome of each value', ValuesAnswer),
          ...problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const results = await postValues(services, request, request.query, gone.signal);
      await sendRaw(reply, 'application/json; charset=utf-8', results);
      return reply;
    },
  );
};

/** `POST /values` */
export const values = noun(post);

async function postValues(
  services: Services,
  request: FastifyRequest,
  query: ValuesQuery,
  gone: AbortSignal,
): Promise<Readable> {
  const choose = async () => {
    const member = memberOf(request);
    return { member, audience: await chooseAudience(services.db, member, query.audience) };
  };
  const chosen = await choose();
  const maker = makerOf(chosen.member);
  const list = isText(request)
    ? textList(request, query, maker)
    : jsonList(services, request, query, maker);
  return acceptValues(services.sharing, {
    ...chosen,
    ...list,
    renew: async () => {
      await readmit(services, request);
      return choose();
    },
    atomic: query.atomic,
    dryRun: query.dry_run,
    requestId: request.id,
    count: (some) => void summarise(services, some),
    account: accountOf(services, request),
    spools: services.spools,
    gone,
  });
}

type List = Pick<ValuesRequest, 'entries' | 'columns' | 'commonCharacters'>;
type Maker = ListTerms['maker'];

function textList(request: FastifyRequest, query: ValuesQuery, maker: Maker): List {
  const given = contextOfTexts(Object.fromEntries(CONTEXT_FIELDS.map((one) => [one, query[one]])));
  const common = checkedQuery(ValueContext, given);
  const reader = new ListReader({ common, maker }, choiceOf(request, query));
  const entries = reader.entries(isCsv(request) ? 'csv' : 'text', request.body as LinesBody);
  return { entries, columns: () => reader.columns(), commonCharacters: sizeOf(common) };
}

function choiceOf(request: FastifyRequest, { columns }: ValuesQuery): ColumnChoice {
  const path = 'querystring.columns';
  if (columns !== undefined && !isCsv(request)) {
    throw new Problem('invalid_request', 'Only text/csv has columns. Send the list as text/csv.', {
      path,
    });
  }
  return readColumnChoice(columns === undefined ? [] : [columns], path);
}

function jsonList(
  { limits }: Services,
  request: FastifyRequest,
  query: ValuesQuery,
  maker: Maker,
): List {
  if (request.body === undefined) throw new Problem('body_missing', 'Send values as the body.');
  refuseMisplacedParameters(request.body);
  const misplaced = ([...CONTEXT_FIELDS, 'columns'] as const).find(
    (one) => query[one] !== undefined,
  );
  if (misplaced !== undefined) {
    const detail = `With application/json, \`${misplaced}\` is ${misplaced === 'columns' ? 'not used' : 'a member of the body'}.`;
    throw new Problem('invalid_request', detail, { path: `querystring.${misplaced}` });
  }
  const { values: given, ...common } = checkedBody(ValuesBody, request.body);
  const limit = limits.bundleObjectsMax;
  if (given.length > limit) {
    const detail = `One JSON document may have ${limit} values. Send more as text/csv or text/plain.`;
    throw new Problem('bundle_too_large', detail, { path: 'body.values', extra: { limit } });
  }
  const terms = { common, maker };
  function* entries(): Generator<SizedEntry> {
    for (const one of given) {
      yield { entry: readJsonEntry(one, terms), characters: JSON.stringify(one)?.length ?? 0 };
    }
  }
  return {
    entries: entries(),
    columns: () => ({ warnings: [] }),
    commonCharacters: sizeOf(common),
  };
}

function sizeOf(common: ValueContext): number {
  return JSON.stringify(common).length;
}
