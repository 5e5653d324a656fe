import type { Readable } from 'node:stream';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { accept } from '../../indicators/accept.ts';
import { chooseAudience } from '../../indicators/audience.ts';
import type { ObjectResult } from '../../indicators/results.ts';
import { readBundle } from '../../stix/bundle.ts';
import { memberOf, PUBLISHERS, readmit } from '../access.ts';
import { isNdjson } from '../body/media-type.ts';
import type { LinesBody } from '../body/parsers.ts';
import { sendRaw } from '../raw.ts';
import type { Services } from '../context.ts';
import { acceptNdjson } from './bundle-lines.ts';
import { answer } from './schemas/answer.ts';
import { BUNDLE_BODIES } from './schemas/body.ts';
import { BundleAnswer, BundleQuery, type BundleOptions } from './schemas/bundle.ts';
import { problems } from './schemas/problem.ts';
import { summarise } from './summary.ts';

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
          'Send a bundle as `application/json` or `application/stix+json;version=2.1`, or one ' +
          'object a line as `application/x-ndjson`, of any length. Each object is told its own ' +
          'outcome; one that is rejected leaves the others alone. Lines are kept in parts as they ' +
          'come: where the body fails later, the problem tells in `summary` what was kept before.',
        tags: ['Sharing'],
        querystring: BundleQuery,
        response: {
          200: answer('What became of each object', BundleAnswer),
          ...problems(400, 401, 403, 409, 413, 415, 422),
        },
      },
    },
    async (request, reply) => {
      if (request.body === undefined) {
        throw new Problem('body_missing', 'Send a STIX bundle, or one object a line');
      }
      if (!isNdjson(request)) return postBundle(services, request, request.query);
      const answer = await postLines(services, request, request.query);
      await sendRaw(reply, 'application/json; charset=utf-8', answer);
    },
  );
  done();
};

async function postBundle(services: Services, request: FastifyRequest, query: BundleOptions) {
  const bundle = readBundle(request.body);
  if (!bundle.ok) {
    const { detail, path, code } = bundle.error;
    throw new Problem('invalid_bundle', detail, { path, extra: { reason: code } });
  }
  const { bundleObjectsMax } = services.limits;
  if (bundle.objects.length > bundleObjectsMax) {
    throw new Problem(
      'bundle_too_large',
      `The bundle has ${bundle.objects.length} objects; one JSON document may have ${bundleObjectsMax}. ` +
        'Send one object a line as application/x-ndjson, which has no limit',
      { path: '$.objects', extra: { limit: bundleObjectsMax } },
    );
  }
  const member = memberOf(request);
  const audience = await chooseAudience(services.db, member, query.audience);
  const results = await accept(context(services), bundle.objects, {
    member,
    audience,
    atomic: query.atomic,
    dryRun: query.dry_run,
    requestId: request.id,
    bundleVersion: bundle.specVersion,
  });
  const summary = summarise(services, results);
  return { bundle: bundle.id ?? null, dry_run: query.dry_run, summary, results };
}

async function postLines(
  services: Services,
  request: FastifyRequest,
  query: BundleOptions,
): Promise<Readable> {
  const choose = async () => {
    const member = memberOf(request);
    return { member, audience: await chooseAudience(services.db, member, query.audience) };
  };
  return acceptNdjson(context(services), request.body as LinesBody, {
    ...(await choose()),
    renew: async () => {
      await readmit(services, request);
      return choose();
    },
    atomic: query.atomic,
    dryRun: query.dry_run,
    requestId: request.id,
    count: (results: readonly ObjectResult[]) => void summarise(services, results),
  });
}

function context(services: Services) {
  const { db, clock, sequencer } = services;
  return { db, clock, onAccepted: () => sequencer.nudge() };
}
