import { z } from 'zod';
import {
  changePassword,
  confirm,
  enrol,
  removeSecondFactor,
} from '../../organisations/own-account.ts';
import { ANALYSTS, userOf } from '../access.ts';
import { clientOf } from '../client.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from './schemas/answer.ts';
import { problems } from './schemas/problem.ts';
import { CodeBody, EnrolmentAnswer, PasswordChange, RecoveryAnswer } from './schemas/session.ts';

const tags = ['Sessions'];
const config = { access: ANALYSTS, usersOnly: true };

const begin: Route = (app, services) => {
  app.post(
    '/me/second-factor',
    {
      config,
      schema: {
        operationId: 'enrolSecondFactor',
        summary: 'Begin to use a second factor',
        description: 'One-time codes by time (RFC 6238). It counts once it is confirmed.',
        tags,
        response: {
          201: answer('For your authenticator', EnrolmentAnswer),
          ...problems(401, 403, 409),
        },
      },
    },
    async (request, reply) => reply.code(201).send(await enrol(services, userOf(request))),
  );
};

const complete: Route = (app, services) => {
  app.post(
    '/me/second-factor/confirm',
    {
      config,
      schema: {
        operationId: 'confirmSecondFactor',
        summary: 'Confirm the second factor with a code of it',
        description: 'From now on signing in takes a code.',
        tags,
        body: CodeBody,
        response: {
          200: answer('Keep these where you find them without the authenticator', RecoveryAnswer),
          ...problems(400, 401, 403, 409, 415, 429),
        },
      },
    },
    async (request) => ({
      recovery_codes: await confirm(
        services,
        userOf(request),
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
        summary: 'Take your second factor away, with a code of it',
        tags,
        body: CodeBody,
        response: {
          204: z.null().meta({ description: 'The password alone serves now' }),
          ...problems(400, 401, 403, 415, 429),
        },
      },
    },
    async (request, reply) => {
      await removeSecondFactor(services, userOf(request), request.body.code, clientOf(request));
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
        description: 'Your other sessions end.',
        tags,
        body: PasswordChange,
        response: {
          204: z.null().meta({ description: 'Changed' }),
          ...problems(400, 401, 403, 415, 429),
        },
      },
    },
    async (request, reply) => {
      await changePassword(services, userOf(request), request.body, clientOf(request));
      return reply.code(204).send(null);
    },
  );
};

/** `/me/…`: what users do with their own accounts. */
export const ownAccount = noun(begin, complete, remove, password);
