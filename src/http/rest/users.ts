import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  changeUser,
  inviteUser,
  readUser,
  readUsers,
  renewInvitation,
  resetSecondFactor,
  type Invited,
} from '../../organisations/user-acts.ts';
import type { UserView } from '../../store/users.ts';
import { administratorOf, memberOf, ORG_ADMINS } from '../access.ts';
import { ownOrigin } from '../client.ts';
import type { Services } from '../context.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from './schemas/answer.ts';
import { timeOf } from './schemas/member.ts';
import { problems } from './schemas/problem.ts';
import {
  InvitedAnswer,
  NewUser,
  UserAnswer,
  UserChange,
  UserParams,
  UsersAnswer,
  UsersQuery,
} from './schemas/user.ts';

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
          'An org_admin invites users of its own organisation, none stronger than itself. The link ' +
          'in the answer, shown this once, is how that person comes in; it is good for a week.',
        tags,
        body: NewUser,
        response: {
          201: answer('Made; give the link to that person alone', InvitedAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const { email, name, role, red_clearance: redClearance } = request.body;
      const organisation = request.body.organisation ?? memberOf(request).organisation.slug;
      const wish = { organisation, email, name, role, redClearance };
      const by = administratorOf(request);
      const invited = await inviteUser(services.db, by, wish, services.clock.now());
      const made = toInvited(services, request, invited);
      return reply.code(201).header('location', `${request.url}/${made.id}`).send(made);
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
        summary: 'The users that you may administrate',
        description: 'An admin sees all, an org_admin those of its organisation, none stronger.',
        tags,
        querystring: UsersQuery,
        response: { 200: answer('By address', UsersAnswer), ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      const users = await readUsers(services.db, by, request.query.organisation);
      return { users: users.map(toAnswer) };
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
        summary: 'One user',
        tags,
        params: UserParams,
        response: { 200: answer('The user', UserAnswer), ...problems(400, 401, 403, 404) },
      },
    },
    async (request) =>
      toAnswer(await readUser(services.db, administratorOf(request), request.params.id)),
  );
};

const change: Route = (app, services) => {
  app.patch(
    '/users/:id',
    {
      config,
      schema: {
        operationId: 'changeUser',
        summary: 'Change what a user is and may, or disable one',
        description:
          'It counts at once, for open sessions and streams too. RED clearance is given by an admin, ' +
          'or by who has it himself.',
        tags,
        params: UserParams,
        body: UserChange,
        response: {
          200: answer('As it is now', UserAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request) => {
      const { name, role, status, red_clearance: redClearance } = request.body;
      const wish = { name, role, status, redClearance };
      const by = administratorOf(request);
      const now = services.clock.now();
      return toAnswer(await changeUser(services.db, by, request.params.id, wish, now));
    },
  );
};

const inviteAgain: Route = (app, services) => {
  app.post(
    '/users/:id/invitation',
    {
      config,
      schema: {
        operationId: 'inviteUserAgain',
        summary: 'Make a new link for a user',
        description:
          'For who has not come in yet, or has lost the password. Links given before end; the ' +
          'password and the second factor stay until the link is used, the second factor beyond.',
        tags,
        params: UserParams,
        response: {
          201: answer('Give the link to that person alone', InvitedAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const now = services.clock.now();
      const by = administratorOf(request);
      const invited = await renewInvitation(services.db, by, request.params.id, now);
      return reply.code(201).send(toInvited(services, request, invited));
    },
  );
};

const reset: Route = (app, services) => {
  app.post(
    '/users/:id/reset-second-factor',
    {
      config,
      schema: {
        operationId: 'resetSecondFactor',
        summary: 'Take the second factor of a user away',
        description: 'For who has lost it. The sessions of the user end.',
        tags,
        params: UserParams,
        response: {
          204: z.null().meta({ description: 'The password alone serves now' }),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const now = services.clock.now();
      await resetSecondFactor(services.db, administratorOf(request), request.params.id, now);
      return reply.code(204).send(null);
    },
  );
};

/** `/users`: the people of organisations. */
export const users = noun(invite, list, get, change, inviteAgain, reset);

/** Without a public URL, the link leads to where this administrator reached the server. */
function toInvited(
  services: Services,
  request: FastifyRequest,
  { user, token, expiresAt }: Invited,
) {
  const link = `${services.publicUrl ?? ownOrigin(services, request)}/#/invitation/${token}`;
  return { ...toAnswer(user), invitation: { token, link, expires_at: expiresAt.toISOString() } };
}

function toAnswer(user: UserView): z.infer<typeof UserAnswer> {
  return {
    id: user.id,
    organisation: user.organisation,
    email: user.email,
    name: user.name,
    role: UserAnswer.shape.role.parse(user.role),
    red_clearance: user.redClearance,
    status: UserAnswer.shape.status.parse(user.status),
    second_factor: user.hasSecondFactor,
    single_sign_on: user.issuer !== null,
    created_at: user.createdAt.toISOString(),
    last_sign_in_at: timeOf(user.lastSignInAt),
  };
}
