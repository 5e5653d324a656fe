import { z } from 'zod';
import { deleteCommunity } from '../../members/deletions.ts';
import { createCommunity, readCommunities } from '../../members/communities.ts';
import { ADMINS, administratorOf, ANALYSTS, memberOf } from '../auth/access.ts';
import { noun, type Route } from '../zod-app.ts';
import { toCommunity } from './member-answers.ts';
import { answer } from '../document/answer.ts';
import {
  CommunitiesAnswer,
  CommunityAnswer,
  CommunityParams,
  NewCommunity,
} from './schemas/group.ts';
import { problems } from '../document/problems.ts';

const tags = ['Members'];

const create: Route = (app, services) => {
  app.post(
    '/communities',
    {
      config: { access: ADMINS },
      schema: {
        operationId: 'createCommunity',
        summary: 'Create a community',
        description:
          'The members of a community are also members of the communities that contain it.',
        tags,
        body: NewCommunity,
        response: { 201: answer('Made', CommunityAnswer), ...problems(400, 401, 403, 409, 415) },
      },
    },
    async (request, reply) => {
      const made = await createCommunity(services.db, administratorOf(request), request.body);
      services.sequencer.nudge();
      return reply.code(201).send(toCommunity(made));
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/communities',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        operationId: 'listCommunities',
        summary: 'List the communities that you are in',
        description: 'An admin sees all communities.',
        tags,
        response: { 200: answer('Ordered by slug', CommunitiesAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const { audiences } = memberOf(request).viewer;
      const found = await readCommunities(services.db, administratorOf(request), audiences);
      return { communities: found.map(toCommunity) };
    },
  );
};

const remove: Route = (app, services) => {
  app.delete(
    '/communities/:slug',
    {
      config: { access: ADMINS },
      schema: {
        operationId: 'deleteCommunity',
        summary: 'Delete a community that nothing refers to',
        description: 'No agreement, ended ones included, no object and no other community.',
        tags,
        params: CommunityParams,
        response: {
          204: z.null().meta({ description: 'Deleted' }),
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      await deleteCommunity(services.db, administratorOf(request), request.params.slug);
      return reply.code(204).send(null);
    },
  );
};

/** `/communities`: the standing sets of organisations that agreements admit to. */
export const communities = noun(create, list, remove);
