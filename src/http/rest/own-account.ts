import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  changePassword,
  confirm,
  enrol,
  removeIdentity,
  removeSecondFactor,
  type Self,
} from '../../access/own-account.ts';
import { ANALYSTS, memberOf, userOf } from '../auth/access.ts';
import { clientOf } from '../edge/client.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';
import {
  CodeBody,
  EnrolmentAnswer,
  PasswordChange,
  PasswordProof,
  ProofBody,
  RecoveryAnswer,
} from './schemas/session.ts';

const tags = ['Sessions'];
const config = { access: ANALYSTS, usersOnly: true };
/** For a user who has to install a second factor before anything else. */
const installing = { ...config, withoutSecondFactor: true };

const begin: Route = (app, services) => {
  app.post(
    '/me/second-factor',
    {
      config: installing,
      schema: {
        operationId: 'enrolSecondFactor',
        summary: 'Create a second factor',
        description:
          'Time-based one-time codes (RFC 6238). It takes effect when you confirm it. Send ' +
          'your password, or nothing in the ten minutes after a single sign-on.',
        tags,
        body: PasswordProof,
        response: {
          201: answer('For your authenticator', EnrolmentAnswer),
          ...problems(400, 401, 403, 409, 415, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { password: given } = request.body ?? {};
      const enrolment = await enrol(services, selfOf(request), { password: given });
      return reply.code(201).send(enrolment);
    },
  );
};

const complete: Route = (app, services) => {
  app.post(
    '/me/second-factor/confirm',
    {
      config: installing,
      schema: {
        operationId: 'confirmSecondFactor',
        summary: 'Confirm the second factor',
        description: 'From now on you need a code to sign in. Your other sessions end.',
        tags,
        body: CodeBody,
        response: {
          200: answer(
            'Store these where you can find them without the authenticator',
            RecoveryAnswer,
          ),
          ...problems(400, 401, 403, 409, 415, 429),
        },
      },
    },
    async (request) => ({
      recovery_codes: await confirm(
        services,
        selfOf(request),
        request.body.code,
        clientOf(request),
      ),
    }),
  );
};

const remove: Route = (app, services) => {
  app.post(
    '/me/second-factor/remove',
    {
      config,
      schema: {
        operationId: 'removeSecondFactor',
        summary: 'Remove your second factor',
        description: 'Requires a code of it. Your other sessions end.',
        tags,
        body: CodeBody,
        response: {
          204: z.null().meta({ description: 'The second factor is removed' }),
          ...problems(400, 401, 403, 415, 429),
        },
      },
    },
    async (request, reply) => {
      await removeSecondFactor(services, selfOf(request), request.body.code, clientOf(request));
      return reply.code(204).send(null);
    },
  );
};

const password: Route = (app, services) => {
  app.post(
    '/me/password',
    {
      config,
      schema: {
        operationId: 'changePassword',
        summary: 'Change your password',
        description: 'Requires the current password. Your other sessions end.',
        tags,
        body: PasswordChange,
        response: {
          204: z.null().meta({ description: 'Changed' }),
          ...problems(400, 401, 403, 415, 429, 503),
        },
      },
    },
    async (request, reply) => {
      await changePassword(services, selfOf(request), request.body, clientOf(request));
      return reply.code(204).send(null);
    },
  );
};

const unlink: Route = (app, services) => {
  app.post(
    '/me/identity/remove',
    {
      config: installing,
      schema: {
        operationId: 'unlinkIdentity',
        summary: 'Unlink yourself from the identity provider',
        description:
          'Send your password or a code of your second factor, or nothing in the ten minutes after ' +
          'a single sign-on. All your sessions end. If you have no password, you need a new link.',
        tags,
        body: ProofBody,
        response: {
          204: z.null().meta({ description: 'Unbound' }),
          ...problems(400, 401, 403, 409, 415, 429, 503),
        },
      },
    },
    async (request, reply) => {
      await removeIdentity(services, selfOf(request), request.body ?? {}, clientOf(request));
      return reply.code(204).send(null);
    },
  );
};

/** The user behind a request, with what they were let in as. */
function selfOf(request: FastifyRequest): Self {
  return { user: userOf(request), standing: memberOf(request).standing };
}

/** `/me/…`: what users do with their own accounts. */
export const ownAccount = noun(begin, complete, remove, password, unlink);
