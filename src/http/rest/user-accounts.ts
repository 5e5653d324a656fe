import { z } from 'zod';
import { renewLink, resetIdentity, resetSecondFactor } from '../../access/user-resets.ts';
import { endSessionsOf, readSessionsOf } from '../../access/user-sessions.ts';
import { administratorOf, ORG_ADMINS } from '../auth/access.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';
import { SessionsAnswer } from './schemas/session.ts';
import { InvitedAnswer, UserParams, UserSessionParams } from './schemas/user.ts';
import { toSession } from './session-answers.ts';
import { originOfLinks, toInvited } from './user-answers.ts';

const tags = ['Members'];
const config = { access: ORG_ADMINS };

const TOLD =
  'The user sees this at each sign-in for a month; the organisation sees it in `GET /notices` and in the audit.';

const inviteAgain: Route = (app, services) => {
  app.post(
    '/users/:id/invitation',
    {
      config,
      schema: {
        operationId: 'inviteUserAgain',
        summary: 'Create a new link for a user',
        description:
          'For a user who has not accepted an invitation, or has lost the password. Earlier ' +
          'links end. A second factor stays; another administrator must reset it: nobody can ' +
          'reset both. The sessions of an active user end at once. ' +
          TOLD,
        tags,
        params: UserParams,
        response: {
          201: answer('Send the link only to that person', InvitedAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const now = services.clock.now();
      const by = administratorOf(request);
      const invited = await renewLink(services.db, by, request.params.id, now);
      return reply.code(201).send(toInvited(invited, originOfLinks(services, request)));
    },
  );
};

const resetFactor: Route = (app, services) => {
  app.post(
    '/users/:id/reset-second-factor',
    {
      config,
      schema: {
        operationId: 'resetSecondFactor',
        summary: 'Remove the second factor of a user',
        description:
          'For a user who has lost it. Sessions end. An administrator who has created a new ' +
          `password link for this user cannot do this until the user has signed in. ${TOLD}`,
        tags,
        params: UserParams,
        response: {
          204: z.null().meta({ description: 'Removed' }),
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

const unlink: Route = (app, services) => {
  app.delete(
    '/users/:id/identity',
    {
      config,
      schema: {
        operationId: 'unlinkUserIdentity',
        summary: 'Unlink a user from the identity provider',
        description: `Sessions end. A user without a password then needs a new link. ${TOLD}`,
        tags,
        params: UserParams,
        response: {
          204: z.null().meta({ description: 'Unbound' }),
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const now = services.clock.now();
      await resetIdentity(services.db, administratorOf(request), request.params.id, now);
      return reply.code(204).send(null);
    },
  );
};

const listSessions: Route = (app, services) => {
  app.get(
    '/users/:id/sessions',
    {
      config,
      schema: {
        operationId: 'listUserSessions',
        summary: 'List the open sessions of a user',
        tags,
        params: UserParams,
        response: {
          200: answer('Last used first', SessionsAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const found = await readSessionsOf(services, administratorOf(request), request.params.id);
      return { sessions: found.map((session) => toSession(session, undefined)) };
    },
  );
};

const endAll: Route = (app, services) => {
  app.delete(
    '/users/:id/sessions',
    {
      config,
      schema: {
        operationId: 'endUserSessions',
        summary: 'End all sessions of a user',
        description: 'Open streams end within a second. Keys are not affected.',
        tags,
        params: UserParams,
        response: {
          204: z.null().meta({ description: 'Ended' }),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      await endSessionsOf(services, administratorOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
};

const endOne: Route = (app, services) => {
  app.delete(
    '/users/:id/sessions/:session',
    {
      config,
      schema: {
        operationId: 'endUserSession',
        summary: 'End a session of a user',
        tags,
        params: UserSessionParams,
        response: {
          204: z.null().meta({ description: 'Ended' }),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const { id, session } = request.params;
      await endSessionsOf(services, administratorOf(request), id, session);
      return reply.code(204).send(null);
    },
  );
};

/** `/users/{id}/…`: what opens the accounts of others, and their sessions. */
export const userAccounts = noun(inviteAgain, resetFactor, unlink, listSessions, endAll, endOne);
