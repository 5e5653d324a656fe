import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { Problem, PROBLEMS, type ProblemCode } from '../../errors.ts';
import { acceptOne } from '../../indicators/accept-one.ts';
import { chooseAudience } from '../../indicators/audience.ts';
import type { ObjectResult } from '../../indicators/results.ts';
import { memberOf, PUBLISHERS } from '../auth/access.ts';
import type { Services } from '../context.ts';
import { answer } from '../document/answer.ts';
import { INDICATOR_BODIES } from '../document/stix-bodies.ts';
import { BundleQuery, ResultAnswer } from './schemas/bundle.ts';
import { problems } from '../document/problems.ts';
import { refuseMisplacedParameters } from '../bundles/misplaced-parameters.ts';
import { summarise } from '../bundles/summary.ts';

/** `POST /indicators`: one object, answered with its own status. */
export const indicators: FastifyPluginCallbackZod<{ services: Services }> = (
  app,
  { services },
  done,
) => {
  app.post(
    '/indicators',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'object', takes: INDICATOR_BODIES },
      schema: {
        operationId: 'postIndicator',
        summary: 'Share one indicator',
        description: '201 if it is new; 200 if it was updated, unchanged or stale.',
        tags: ['Sharing'],
        querystring: BundleQuery,
        response: {
          200: answer('It was updated, unchanged or stale', ResultAnswer),
          201: answer('It is new', ResultAnswer),
          ...problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { query, body } = request;
      refuseOthers(body);
      refuseMisplacedParameters(body);
      const member = memberOf(request);
      const audience = await chooseAudience(services.db, member, query.audience);
      const result = await acceptOne(services.sharing, body, {
        member,
        audience,
        atomic: false,
        dryRun: query.dry_run,
        requestId: request.id,
      });
      summarise(services, [result]);
      if (result.outcome === 'rejected') throw refusedAs(result);
      return reply.code(result.outcome === 'created' ? 201 : 200).send(result);
    },
  );
  done();
};

function refuseOthers(body: unknown): void {
  if (body === undefined) throw new Problem('body_missing', 'Send one indicator as the body');
  const type: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, 'type') : undefined;
  if (type === 'indicator') return;
  throw new Problem(
    'invalid_object',
    'This endpoint accepts one indicator; post other objects to /api/v1/bundles',
    {
      path: '$.type',
    },
  );
}

/** What was refused by a rule of the server keeps its code; what STIX forbids is invalid_object. */
function refusedAs({ code = '', path = '$', detail = '', id }: ObjectResult): Problem {
  const extra = { outcome: 'rejected', ...(id === undefined ? {} : { id }) };
  if (isProblemCode(code)) return new Problem(code, detail, { path, extra });
  return new Problem('invalid_object', detail, { path, extra: { ...extra, reason: code } });
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
