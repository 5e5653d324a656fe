import { z } from 'zod';
import { deleteUser } from '../../members/deletions.ts';
import { changeUser, inviteUser, readUser, readUsers } from '../../access/user-acts.ts';
import { administratorOf, memberOf, ORG_ADMINS } from '../auth/access.ts';
import { locationOf } from '../edge/location.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';
import {
  InvitedAnswer,
  NewUser,
  UserAnswer,
  UserChange,
  UserParams,
  UsersAnswer,
  UsersQuery,
} from './schemas/user.ts';
import { pageOf } from './page.ts';
import { originOfLinks, toInvited, toUser } from './user-answers.ts';

const tags = ['Members'];
const config = { access: ORG_ADMINS };

const invite: Route = (app, services) => {
  app.post(
    '/users',
    {
      config,
      schema: {
        operationId: 'inviteUser',
        summary: 'Invite a user',
        description:
          'An org_admin invites users of its own organisation, none stronger than itself. The ' +
          'answer contains, only once, the link with which that person sets a password within ' +
          'a week.',
        tags,
        body: NewUser,
        response: {
          201: answer('Created. Send the link only to that person', InvitedAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const { email, name, role, red_clearance: redClearance } = request.body;
      const organisation = request.body.organisation ?? memberOf(request).organisation.slug;
      const quota = services.quotas.users;
      const input = { organisation, email, name, role, redClearance, quota };
      const by = administratorOf(request);
      const invited = await inviteUser(services.db, by, input, services.clock.now());
      const made = toInvited(invited, originOfLinks(services, request));
      return reply.code(201).header('location', locationOf(request, made.id)).send(made);
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/users',
    {
      config,
      schema: {
        operationId: 'listUsers',
        summary: 'List users',
        description: 'An admin sees all, an org_admin those of its organisation, none stronger.',
        tags,
        querystring: UsersQuery,
        response: { 200: answer('Ordered by address', UsersAnswer), ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      const { organisation, after, limit } = request.query;
      const search = { organisation, after, limit: limit + 1 };
      const { page, next } = pageOf(await readUsers(services.db, by, search), limit);
      return { users: page.map(toUser), next };
    },
  );
};

const get: Route = (app, services) => {
  app.get(
    '/users/:id',
    {
      config,
      schema: {
        operationId: 'getUser',
        summary: 'Get a user',
        tags,
        params: UserParams,
        response: { 200: answer('The user', UserAnswer), ...problems(400, 401, 403, 404) },
      },
    },
    async (request) =>
      toUser(await readUser(services.db, administratorOf(request), request.params.id)),
  );
};

const change: Route = (app, services) => {
  app.patch(
    '/users/:id',
    {
      config,
      schema: {
        operationId: 'changeUser',
        summary: 'Change or disable a user',
        description:
          'Takes effect at once, for open sessions and streams too. Disabling a user ends ' +
          'their sessions, the keys and the invitations that they created. Only an admin, or a ' +
          'user who has RED clearance, can grant it.',
        tags,
        params: UserParams,
        body: UserChange,
        response: {
          200: answer('The user', UserAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request) => {
      const { name, role, status, red_clearance: redClearance } = request.body;
      const input = { name, role, status, redClearance };
      const by = administratorOf(request);
      const now = services.clock.now();
      return toUser(await changeUser(services.db, by, request.params.id, input, now));
    },
  );
};

const remove: Route = (app, services) => {
  app.delete(
    '/users/:id',
    {
      config,
      schema: {
        operationId: 'deleteUser',
        summary: 'Delete a user',
        description:
          'Ends their sessions, the keys and the invitations that they created, as disabling ' +
          'does. Their acts stay in the audit, under their id. The address can be invited ' +
          'again.',
        tags,
        params: UserParams,
        response: {
          204: z.null().meta({ description: 'Deleted' }),
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const by = administratorOf(request);
      await deleteUser(services.db, by, request.params.id, services.clock.now());
      return reply.code(204).send(null);
    },
  );
};

/** `/users`: inviting, changing and deleting the people of organisations. */
export const users = noun(invite, list, get, change, remove);
