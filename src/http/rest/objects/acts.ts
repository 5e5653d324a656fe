import { chooseAudience } from '../../../indicators/audience.ts';
import { purge } from '../../../indicators/purge.ts';
import { readdress } from '../../../indicators/readdress.ts';
import { revoke } from '../../../indicators/revoke.ts';
import { tlpRank } from '../../../stix/marking/tlp.ts';
import { ADMINS, memberOf, PUBLISHERS } from '../../auth/access.ts';
import { noun, type Route } from '../../zod-app.ts';
import { answer } from '../../document/answer.ts';
import { ResultAnswer } from '../schemas/bundle.ts';
import { PurgeAnswer, Purging, Readdressing } from '../schemas/object-act.ts';
import { ObjectParams } from '../schemas/object.ts';
import { problems } from '../../document/problems.ts';
import { z } from 'zod';

const one = { tags: ['Sharing'], params: ObjectParams };

const change: Route = (app, services) => {
  app.patch(
    '/objects/:id',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'list' },
      schema: {
        ...one,
        operationId: 'readdressObject',
        summary: 'Change the audience or the level of an object that your organisation shares',
        description:
          'Organisations that can now see the object receive it; those that no longer can receive a withdrawal.',
        body: Readdressing,
        response: {
          204: z.null().meta({ description: 'The object has this audience and level' }),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const member = memberOf(request);
      const { audience, tlp } = request.body;
      await readdress(services.sharing, {
        member,
        stixId: request.params.id,
        audience:
          audience && (await chooseAudience(services.db, member, audience, 'body.audience')),
        tlp: tlp && tlpRank(tlp),
        requestId: request.id,
      });
      return reply.code(204).send(null);
    },
  );
};

const end: Route = (app, services) => {
  app.post(
    '/objects/:id/revoke',
    {
      config: { access: PUBLISHERS, inExercises: true },
      schema: {
        ...one,
        operationId: 'revokeObject',
        summary: 'Revoke an object that your organisation shares',
        description: 'Everybody who sees the object receives a last version with `revoked`.',
        response: {
          200: answer('The outcome', ResultAnswer),
          ...problems(401, 403, 404, 409),
        },
      },
    },
    async (request) => {
      const member = memberOf(request);
      const input = { member, stixId: request.params.id, requestId: request.id };
      return revoke(services.sharing, input);
    },
  );
};

const erase: Route = (app, services) => {
  app.post(
    '/objects/:id/purge',
    {
      config: { access: ADMINS },
      schema: {
        ...one,
        operationId: 'purgeObject',
        summary: 'Purge an object',
        description:
          'Deletes its content permanently, in every realm, for all sharers. Everybody who ' +
          'sees it receives a withdrawal. Organisations that shared or saw it cannot share it ' +
          'again. Purging it again changes nothing.',
        body: Purging,
        response: {
          200: answer('The record that remains', PurgeAnswer),
          ...problems(400, 401, 403, 404, 415),
        },
      },
    },
    async (request) => {
      const { id, purgedAt, versions, told } = await purge(services.sharing, {
        stixId: request.params.id,
        reason: request.body.reason,
        member: memberOf(request),
        requestId: request.id,
      });
      return { id, purged_at: purgedAt.toISOString(), versions, organisations_told: told };
    },
  );
};

/** What the organisation that shares an object can do with it, and an admin. */
export const objectActs = noun(change, end, erase);
