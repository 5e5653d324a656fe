import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { inSlices } from '../../../concurrency/slices.ts';
import { readObject, VERSIONS_BYTES, VERSIONS_MAX } from '../../../reading/object.ts';
import { labelOf } from '../../../sharing/realm.ts';
import { serveObject, type Served, type ServedForm } from '../../../sharing/served.ts';
import { memberOf, READERS } from '../../auth/access.ts';
import { makeRoom } from '../../edge/answers.ts';
import { sourceOf } from '../../edge/fairness.ts';
import { sendRaw } from '../../edge/raw.ts';
import type { Services } from '../../context.ts';
import { readingOf } from '../../member-reading.ts';
import { answer } from '../../document/answer.ts';
import { RealmLabel } from '../schemas/changes.ts';
import { CONTEXT_HEADER, ContextAnswer } from '../schemas/context.ts';
import { ObjectParams, StixAnswer, storedVersion, VersionQuery } from '../schemas/object.ts';
import { problems } from '../../document/problems.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

const VersionsAnswer = z.object({
  realm: RealmLabel,
  objects: z.array(StixAnswer),
  context: z.array(ContextAnswer).meta({ description: 'Of each version, in the same order' }),
});

const OBJECT_SCHEMA = {
  operationId: 'getObject',
  summary: 'Get an object',
  description:
    'Returns the current version, the version with the given `modified`, or with `version=all` every ' +
    `version that you see, newest first, up to ${VERSIONS_MAX} or 16 MiB. Versions that you may not see are ` +
    'not included. The header `tocsin-context` has the context of a single object.',
  tags: ['Reading'],
  params: ObjectParams,
  querystring: VersionQuery,
  response: {
    200: {
      ...answer('The object, or all of its versions', z.union([StixAnswer, VersionsAnswer])),
      headers: CONTEXT_HEADER,
    },
    ...problems(400, 401, 403, 404),
  },
};

/** `GET /objects/{id}`: one object as the caller may see it. */
export const objects: FastifyPluginCallbackZod<{ services: Services }> = (
  app,
  { services },
  done,
) => {
  app.get(
    '/objects/:id',
    {
      config: { access: READERS, reads: true, inExercises: true },
      schema: OBJECT_SCHEMA,
    },
    async (request, reply) => {
      const { realm } = memberOf(request);
      const { version, as_posted: asPosted } = request.query;
      const all = version === 'all';
      if (all) await makeRoom(services, request, reply, VERSIONS_BYTES);
      const found = await readObject(readingOf(services, request), {
        stixId: request.params.id,
        all,
        modified: all || version === undefined ? undefined : storedVersion(version),
      });
      const form = { realm: realm.slug, asPosted };
      if (all) {
        const served = await inSlices(sourceOf(request), servedOf(found, form));
        await sendRaw(reply, JSON_TYPE, versionsText(served, labelOf(realm)));
        return;
      }
      const { object, context } = serveObject(found[0], form);
      reply.header('tocsin-context', context);
      await sendRaw(reply, JSON_TYPE, object);
    },
  );
  done();
};

/** One step for each version. */
function* servedOf(
  found: readonly Parameters<typeof serveObject>[0][],
  form: ServedForm,
): Generator<undefined, Served[]> {
  const served: Served[] = [];
  for (const one of found) {
    served.push(serveObject(one, form));
    yield undefined;
  }
  return served;
}

function versionsText(served: readonly Served[], label: object): string {
  const head = JSON.stringify({ ...label, objects: [] }).slice(0, -2);
  const objects = served.map(({ object }) => object).join(',');
  return `${head}${objects}],"context":[${served.map(({ context }) => context).join(',')}]}`;
}
