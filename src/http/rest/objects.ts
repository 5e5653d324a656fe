import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Problem } from '../../errors.ts';
import { findObject, VERSIONS_BYTES, VERSIONS_MAX } from '../../store/objects.ts';
import { asViewer } from '../../store/transaction.ts';
import { labelOf } from '../../sharing/realm.ts';
import { disclose } from '../disclose.ts';
import { memberOf, READERS } from '../access.ts';
import { makeRoom } from '../answers.ts';
import { sendRaw } from '../raw.ts';
import type { Services } from '../context.ts';
import { answer } from './schemas/answer.ts';
import { RealmLabel } from './schemas/changes.ts';
import { ObjectParams, StixAnswer, storedVersion, VersionQuery } from './schemas/object.ts';
import { problems } from './schemas/problem.ts';

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
      schema: {
        operationId: 'getObject',
        summary: 'Read one object',
        description:
          'Its current version, the one with the `modified` given, or `version=all`: a bundle of ' +
          `every version that you see, newest first, up to ${VERSIONS_MAX} or 16 MiB. What you may ` +
          'not see is not there.',
        tags: ['Reading'],
        params: ObjectParams,
        querystring: VersionQuery,
        response: {
          200: answer(
            'The object, or all of its versions',
            z.union([StixAnswer, z.object({ realm: RealmLabel, objects: z.array(StixAnswer) })]),
          ),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const { viewer, realm } = memberOf(request);
      const { version } = request.query;
      const all = version === 'all';
      if (all) await makeRoom(services, request, reply, VERSIONS_BYTES);
      const contents = await asViewer(services.db, viewer, (tx) =>
        findObject(tx, viewer.realmId, request.params.id, {
          all,
          modified: all || version === undefined ? undefined : storedVersion(version),
        }),
      );
      const [first] = contents;
      if (first === undefined) throw new Problem('not_found', 'There is no such object for you');
      disclose(services, request, 'objects', { objects: contents.length });
      const head = JSON.stringify({ ...labelOf(realm), objects: [] });
      const body = all ? `${head.slice(0, -2)}${contents.join(',')}]}` : first;
      await sendRaw(reply, 'application/json; charset=utf-8', body);
    },
  );
  done();
};
