import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { learnMarkings } from '../../indicators/markings.ts';
import { validation, type Validation } from '../../indicators/validate.ts';
import { createPace, inSlices } from '../../concurrency/slices.ts';
import type { Finding } from '../../stix/check/finding.ts';
import { readBundle } from '../../stix/bundle/bundle.ts';
import { memberOf, READERS } from '../auth/access.ts';
import { sourceOf } from '../edge/fairness.ts';
import { isNdjson } from '../body/media-type.ts';
import { accountOf, type LinesBody } from '../body/read.ts';
import type { Services } from '../context.ts';
import { noun, type Route } from '../zod-app.ts';
import { sendRaw } from '../edge/raw.ts';
import { readLines } from '../bundles/ndjson.ts';
import { isSmall, resultsAnswer } from '../bundles/results-answer.ts';
import { answer } from '../document/answer.ts';
import { BUNDLE_BODIES } from '../document/stix-bodies.ts';
import { problems } from '../document/problems.ts';
import { ValidationAnswer } from './schemas/validate.ts';

const post: Route = (app, services) => {
  app.post(
    '/validate',
    {
      config: { access: READERS, inExercises: true, body: 'bundle', takes: BUNDLE_BODIES },
      schema: {
        operationId: 'validateBundle',
        summary: 'Check a bundle or an object without storing it',
        description:
          'Errors say what would be rejected, warnings what is doubtful but would be stored. ' +
          'Every role may use it. To check whether your organisation may share it with an ' +
          'audience, use ' +
          '`POST /bundles?dry_run=true`.',
        tags: ['Sharing'],
        response: {
          200: answer('The errors and warnings', ValidationAnswer),
          ...problems(400, 401, 403, 413, 415),
        },
      },
    },
    async (request, reply) => {
      const { results, ...head } = isNdjson(request)
        ? await validateLines(services, request)
        : await validateBody(services, request);
      if (isSmall(results)) return { ...head, results };
      await sendRaw(reply, 'application/json; charset=utf-8', resultsAnswer(head, results));
      return reply;
    },
  );
};

/** `POST /validate` */
export const validations = noun(post);

async function validateBody(services: Services, request: FastifyRequest): Promise<Validation> {
  const bundle = readBundle(request.body);
  if (!bundle.ok) {
    const { code, detail, path } = bundle.error;
    throw new Problem('invalid_bundle', detail, { path, extra: { reason: code } });
  }
  const { id = null, objects, specVersion: bundleVersion, warnings: bundleWarnings } = bundle;
  return check(services, request, { id, objects, bundleVersion, bundleWarnings });
}

/** What is known of markings is the same as where these objects were posted. */
async function check(
  { db, clock }: Services,
  request: FastifyRequest,
  { id, objects, bundleVersion, bundleWarnings = [] }: Checked,
): Promise<Validation> {
  const { viewer } = memberOf(request);
  const meanings = await learnMarkings(db, viewer, objects);
  return inSlices(
    sourceOf(request),
    validation(id, objects, { now: clock.now(), bundleVersion, meanings, bundleWarnings }),
  );
}

interface Checked {
  readonly id: string | null;
  readonly objects: readonly unknown[];
  readonly bundleVersion?: string | undefined;
  readonly bundleWarnings?: readonly Finding[];
}

async function validateLines(services: Services, request: FastifyRequest): Promise<Validation> {
  const { bundleObjectsMax, bodyBytesMax } = services.limits;
  const lines = readLines(request.body as LinesBody, {
    account: accountOf(services, request),
    pace: createPace(sourceOf(request)),
  });
  const objects: unknown[] = [];
  let bytes = 0;
  for await (const line of lines) {
    objects.push(line.value);
    bytes += line.bytes;
    // All are held at once, since one may refer to another.
    if (objects.length > bundleObjectsMax || bytes > bodyBytesMax) {
      throw new Problem(
        'bundle_too_large',
        `Check at most ${bundleObjectsMax} lines and ${bodyBytesMax} bytes at once, or ask the operator ` +
          'to raise TOCSIN_BUNDLE_OBJECTS_MAX or TOCSIN_BODY_BYTES_MAX.',
        { extra: { limit: bundleObjectsMax, limit_bytes: bodyBytesMax } },
      );
    }
  }
  return check(services, request, { id: null, objects });
}
