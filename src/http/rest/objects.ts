import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Problem } from '../../errors.ts';
import { findObject, VERSIONS_BYTES, VERSIONS_MAX } from '../../store/content/objects.ts';
import { asViewer } from '../../store/postgres/transaction.ts';
import { labelOf } from '../../sharing/realm.ts';
import { serveObject, type Served } from '../../sharing/served.ts';
import { disclose } from '../disclose.ts';
import { memberOf, READERS } from '../auth/access.ts';
import { makeRoom } from '../edge/answers.ts';
import { sendRaw } from '../edge/raw.ts';
import type { Services } from '../context.ts';
import { answer } from './schemas/answer.ts';
import { RealmLabel } from './schemas/changes.ts';
import { CONTEXT_HEADER, ContextAnswer } from './schemas/context.ts';
import { ObjectParams, StixAnswer, storedVersion, VersionQuery } from './schemas/object.ts';
import { problems } from './schemas/problem.ts';

const VersionsAnswer = z.object({
  realm: RealmLabel,
  objects: z.array(StixAnswer),
  context: z.array(ContextAnswer).meta({ description: 'Of each version, in the same order' }),
});

const OBJECT_SCHEMA = {
  operationId: 'getObject',
  summary: 'Read one object',
  description:
    'Its current version, the one with the `modified` given, or `version=all`: every version ' +
    `that you see, newest first, up to ${VERSIONS_MAX} or 16 MiB. What you may not see is not ` +
    'there. The header `tocsin-context` has the context of a single object.',
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
      const { viewer, realm } = memberOf(request);
      const { version, as_posted: asPosted } = request.query;
      const all = version === 'all';
      if (all) await makeRoom(services, request, reply, VERSIONS_BYTES);
      const found = await asViewer(services.db, viewer, (tx) =>
        findObject(tx, viewer.realmId, request.params.id, {
          all,
          modified: all || version === undefined ? undefined : storedVersion(version),
        }),
      );
      const form = { realm: realm.slug, asPosted };
      const served = found.map((one) => serveObject(one, form));
      const [first] = served;
      if (first === undefined) throw new Problem('not_found', 'There is no such object for you');
      disclose(services, request, 'objects', { objects: served.length });
      if (!all) reply.header('tocsin-context', first.context);
      const body = all ? versionsText(served, labelOf(realm)) : first.object;
      await sendRaw(reply, 'application/json; charset=utf-8', body);
    },
  );
  done();
};

function versionsText(served: readonly Served[], label: object): string {
  const head = JSON.stringify({ ...label, objects: [] }).slice(0, -2);
  const objects = served.map(({ object }) => object).join(',');
  return `${head}${objects}],"context":[${served.map(({ context }) => context).join(',')}]}`;
}
