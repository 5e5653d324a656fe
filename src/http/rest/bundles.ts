import type { Readable } from 'node:stream';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { accept } from '../../indicators/accept.ts';
import { chooseAudience } from '../../indicators/audience.ts';
import type { ObjectResult } from '../../indicators/results.ts';
import { readBundle } from '../../stix/bundle/bundle.ts';
import { memberOf, PUBLISHERS, readmit } from '../auth/access.ts';
import { isNdjson } from '../body/media-type.ts';
import { accountOf, type LinesBody } from '../body/read.ts';
import { sendRaw } from '../edge/raw.ts';
import type { Services } from '../context.ts';
import { acceptNdjson } from '../bundles/lines.ts';
import { isSmall, resultsAnswer } from '../bundles/results-answer.ts';
import { answer } from '../document/answer.ts';
import { BUNDLE_BODIES } from '../document/stix-bodies.ts';
import { BundleAnswer, BundleQuery, type BundleOptions } from './schemas/bundle.ts';
import { problems } from '../document/problems.ts';
import { refuseMisplacedParameters } from '../bundles/misplaced-parameters.ts';
import { bundleHead, summarise } from '../bundles/summary.ts';

/** `POST /bundles`: a bundle in one JSON document, or one object a line. */
export const bundles: FastifyPluginCallbackZod<{ services: Services }> = (
  app,
  { services },
  done,
) => {
  app.post(
    '/bundles',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'bundle', takes: BUNDLE_BODIES },
      schema: {
        operationId: 'postBundle',
        summary: 'Share the objects of a STIX 2.1 bundle',
        description:
          'Send a bundle, or one object of any type, as `application/json` or ' +
          '`application/stix+json;version=2.1`, or one object per line as `application/x-ndjson`, of any length. Each object has ' +
          'its own outcome; a rejected object does not affect the others. Lines are stored in ' +
          'parts as they arrive. If the request fails later, the `summary` of the problem ' +
          'counts what was stored before.',
        tags: ['Sharing'],
        querystring: BundleQuery,
        response: {
          200: answer('The outcome of each object', BundleAnswer),
          ...problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      if (request.body === undefined) {
        throw new Problem('body_missing', 'Send a STIX bundle, or one object per line');
      }
      if (isNdjson(request)) {
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        const lines = await postLines(services, request, request.query, gone.signal);
        await sendRaw(reply, 'application/json; charset=utf-8', lines);
        return reply;
      }
      const { results, ...head } = await postBundle(services, request, request.query);
      if (isSmall(results)) return { ...head, results };
      await sendRaw(reply, 'application/json; charset=utf-8', resultsAnswer(head, results));
      return reply;
    },
  );
  done();
};

async function postBundle(services: Services, request: FastifyRequest, query: BundleOptions) {
  refuseMisplacedParameters(request.body);
  const bundle = readBundle(request.body);
  if (!bundle.ok) {
    const { detail, path, code } = bundle.error;
    throw new Problem('invalid_bundle', detail, { path, extra: { reason: code } });
  }
  const member = memberOf(request);
  const audience = await chooseAudience(services.db, member, query.audience);
  const { objects, specVersion: bundleVersion } = bundle;
  const results = await accept(
    services.sharing,
    { objects, bundleVersion },
    {
      member,
      audience,
      atomic: query.atomic,
      dryRun: query.dry_run,
      requestId: request.id,
    },
  );
  const summary = summarise(services, results);
  return { ...bundleHead(bundle, query.dry_run, summary), results };
}

async function postLines(
  services: Services,
  request: FastifyRequest,
  query: BundleOptions,
  gone: AbortSignal,
): Promise<Readable> {
  const choose = async () => {
    const member = memberOf(request);
    return { member, audience: await chooseAudience(services.db, member, query.audience) };
  };
  return acceptNdjson(services.sharing, request.body as LinesBody, {
    ...(await choose()),
    renew: async () => {
      await readmit(services, request);
      return choose();
    },
    atomic: query.atomic,
    dryRun: query.dry_run,
    requestId: request.id,
    count: (results: readonly ObjectResult[]) => void summarise(services, results),
    account: accountOf(services, request),
    spools: services.spools,
    gone,
  });
}
