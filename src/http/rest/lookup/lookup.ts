import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { LOOKUP_BYTES, LOOKUP_PART, LOOKUP_PART_BYTES, lookUp } from '../../../reading/lookup.ts';
import type { LookupResult } from '../../../stix/lookup/results.ts';
import type { AskedValue } from '../../../stix/lookup/understand.ts';
import { memberOf, readmit, READERS } from '../../auth/access.ts';
import { isNdjson, isText } from '../../body/media-type.ts';
import type { Services } from '../../context.ts';
import { answer, textAnswer } from '../../document/answer.ts';
import { problems } from '../../document/problems.ts';
import { makeRoom } from '../../edge/answers.ts';
import { prefers } from '../../edge/negotiation.ts';
import { sendRaw } from '../../edge/raw.ts';
import { readingOf } from '../../member-reading.ts';
import { noun, type Route } from '../../zod-app.ts';
import {
  LOOKUP_BODIES,
  LookupAnswer,
  LookupParams,
  LookupQuery,
  LookupResultAnswer,
  type LookupOptions,
} from '../schemas/lookup.ts';
import { valuesOfDocument, valuesOfLines } from './asked-values.ts';
import { range } from './range.ts';

const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json; charset=utf-8';
const RESULTS = 'What is known of each value, in the order of the request';

const single: Route = (app, services) => {
  app.get(
    '/lookup/:value',
    {
      config: { access: READERS, reads: true, inExercises: true },
      schema: {
        operationId: 'lookUpValue',
        summary: 'Look a value up',
        description:
          'Says how the value was understood, which objects that you may see list it and how, and a ' +
          'verdict. An unknown value is answered 200 with the verdict `unknown`.',
        tags: ['Reading'],
        params: LookupParams,
        querystring: LookupQuery,
        response: {
          200: answer('What is known of the value', LookupResultAnswer),
          ...problems(400, 401, 403, 422),
        },
      },
    },
    async (request, reply) => {
      await makeRoom(services, request, reply, LOOKUP_BYTES);
      const [result] = await lookUpPart(
        services,
        request,
        [{ value: request.params.value }],
        request.query,
      );
      await sendRaw(reply, JSON_TYPE, JSON.stringify(result));
      return reply;
    },
  );
};

const many: Route = (app, services) => {
  app.post(
    '/lookup',
    {
      config: {
        access: READERS,
        reads: true,
        inExercises: true,
        body: 'values',
        takes: LOOKUP_BODIES,
      },
      schema: {
        operationId: 'lookUpValues',
        summary: 'Look values up',
        description:
          'Send up to 10,000 values in a JSON document, or any number, one per line, as `text/plain` or ' +
          '`application/x-ndjson`. The answer has one result per value, in the same order; with ' +
          '`Accept: application/x-ndjson`, one per line.',
        tags: ['Reading'],
        querystring: LookupQuery,
        response: {
          200: {
            description: RESULTS,
            content: {
              ...answer(RESULTS, LookupAnswer).content,
              ...textAnswer(RESULTS, NDJSON, LINES_EXAMPLE).content,
            },
          },
          ...problems(400, 401, 403, 406, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const type = prefers(request, ['application/json', NDJSON]);
      const areLines = isNdjson(request) || isText(request);
      const values = areLines ? valuesOfLines(request) : valuesOfDocument(request);
      await makeRoom(services, request, reply, LOOKUP_PART_BYTES);
      const results = await spooled(services, request, values, type === NDJSON ? '\n' : ',');
      const body = Readable.from(
        type === NDJSON ? within('', results, '\n') : within('{"results":[', results, ']}'),
      );
      await sendRaw(reply, `${type}; charset=utf-8`, body);
      return reply;
    },
  );
};

const LINES_EXAMPLE =
  '{"value":"198.51.100.7","understood":{"type":"ipv4-addr","value":"198.51.100.7"},"verdict":"unknown","hits":[],"truncated":false}\n';

/** `POST /lookup`, `GET /lookup/{value}` and `GET /lookup/range/{prefix}`. */
export const lookup = noun(single, many, range);

/** The rights of the caller are looked up again after so long. */
const RIGHTS_MS = 1000;

async function lookUpPart(
  services: Services,
  request: FastifyRequest,
  values: readonly AskedValue[],
  { match: modes, subdomains }: LookupOptions,
): Promise<LookupResult[]> {
  const now = services.clock.now();
  if (now.getTime() - request.admittedMs > RIGHTS_MS) await readmit(services, request);
  return lookUp(readingOf(services, request), { values, options: { modes, subdomains }, now });
}

/** Looks the values up part by part, and sets the results aside until all are read: many clients read only then. */
async function spooled(
  services: Services,
  request: FastifyRequest<{ Querystring: unknown }>,
  values: Iterable<AskedValue> | AsyncIterable<AskedValue>,
  separator: string,
): Promise<AsyncIterable<string | Buffer>> {
  const spool = services.spools.open(memberOf(request).organisation.id);
  let written = 0;
  const look = async (part: readonly AskedValue[]): Promise<void> => {
    const results = await lookUpPart(services, request, part, request.query as LookupOptions);
    for (const result of results) {
      await spool.write(`${written++ === 0 ? '' : separator}${JSON.stringify(result)}`);
    }
  };
  try {
    let part: AskedValue[] = [];
    for await (const value of values) {
      part.push(value);
      if (part.length < LOOKUP_PART) continue;
      await look(part);
      part = [];
    }
    if (part.length > 0) await look(part);
  } catch (error) {
    await spool.discard();
    throw error;
  }
  return spool.read();
}

async function* within(
  head: string,
  results: AsyncIterable<string | Buffer>,
  end: string,
): AsyncGenerator<string | Buffer> {
  yield head;
  yield* results;
  yield end;
}
