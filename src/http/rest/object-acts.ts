import { chooseAudience } from '../../indicators/audience.ts';
import { readdress } from '../../indicators/readdress.ts';
import { revoke } from '../../indicators/revoke.ts';
import { tlpRank } from '../../stix/tlp.ts';
import { memberOf, PUBLISHERS } from '../access.ts';
import type { Services } from '../context.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from './schemas/answer.ts';
import { ResultAnswer } from './schemas/bundle.ts';
import { Readdressing } from './schemas/object-act.ts';
import { ObjectParams } from './schemas/object.ts';
import { problems } from './schemas/problem.ts';
import { z } from 'zod';

const one = { tags: ['Sharing'], params: ObjectParams };

const change: Route = (app, services) => {
  app.patch(
    '/objects/:id',
    {
      config: { access: PUBLISHERS },
      schema: {
        ...one,
        operationId: 'readdressObject',
        summary: 'Change with whom your organisation shares an object, or its marking level',
        description:
          'Who sees it from now on gets it; who does not see it any more gets a withdrawal.',
        body: Readdressing,
        response: {
          204: z.null().meta({ description: 'It is so' }),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const member = memberOf(request);
      const { audience, tlp } = request.body;
      await readdress(contextOf(services), {
        member,
        stixId: request.params.id,
        audience: audience && (await chooseAudience(services.db, member, audience)),
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
      config: { access: PUBLISHERS },
      schema: {
        ...one,
        operationId: 'revokeObject',
        summary: 'Revoke an object that your organisation shares',
        description: 'A last version of it, with `revoked`, goes to everybody who sees it.',
        response: {
          200: answer('What became of it', ResultAnswer),
          ...problems(401, 403, 404, 409),
        },
      },
    },
    async (request) => {
      const member = memberOf(request);
      const wish = { member, stixId: request.params.id, requestId: request.id };
      return revoke(contextOf(services), wish);
    },
  );
};

/** What the organisation that shares an object can do with it. */
export const objectActs = noun(change, end);

function contextOf({ db, clock, sequencer }: Services) {
  return { db, clock, onAccepted: () => sequencer.nudge() };
}
