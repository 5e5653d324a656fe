import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../../errors.ts';
import { acceptInvitation } from '../../access/invitations.ts';
import {
  continueSession,
  endSession,
  readSessions,
  signOut,
  type Continued,
} from '../../access/sessions.ts';
import { readOwnResets } from '../../access/reset-notices.ts';
import type { Trier } from '../../access/sign-in.ts';
import type { AccountReset } from '../../store/access/account-resets.ts';
import { ANALYSTS, memberOf, userOf } from '../auth/access.ts';
import { signAccessToken } from '../auth/access-tokens.ts';
import { clientOf } from '../edge/client.ts';
import {
  clearRefreshCookie,
  deviceCookie,
  refreshCookie,
  setDeviceCookie,
  setRefreshCookie,
} from '../auth/cookies.ts';
import type { Services } from '../context.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';
import {
  RefreshBody,
  SessionParams,
  SessionsAnswer,
  SignInBody,
  TokensAnswer,
} from './schemas/session.ts';
import { AcceptedAnswer, Acceptance } from './schemas/user.ts';
import { toSession } from './session-answers.ts';

const tags = ['Sessions'];

const accept: Route = (app, services) => {
  app.post(
    '/invitations/accept',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'acceptInvitation',
        summary: 'Accept an invitation',
        description:
          'Sets the password. The link works once, and existing sessions end. Then sign in.',
        tags,
        body: Acceptance,
        response: {
          200: answer('The address with which to sign in', AcceptedAnswer),
          ...problems(400, 415, 429, 503),
        },
      },
    },
    async (request) => {
      const client = clientOf(request);
      return services.signInDesk.limited('sign_in', client, () =>
        acceptInvitation(services, request.body, client),
      );
    },
  );
};

const signIn: Route = (app, services) => {
  app.post(
    '/sessions',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with password and second factor',
        description:
          'After several failures for one account from one network, that network must wait; ' +
          'other networks need not. Each network also has a limit of failures for all accounts ' +
          'together. A browser on which the user has signed in before has separate limits.',
        tags,
        body: SignInBody,
        response: {
          201: answer('Signed in', TokensAnswer),
          ...problems(400, 401, 403, 415, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { refresh_token_in: place, ...input } = request.body;
      const { signInDesk } = services;
      const known = (userIds: readonly string[]): void => {
        request.triedUserIds = userIds;
      };
      const signing = { ...input, device: deviceCookie(request) };
      const begun = await signInDesk.signIn(signing, clientOf(request), known);
      const { refreshToken, refreshExpiresAt } = begun;
      if (place === 'cookie') {
        setRefreshCookie(reply, refreshToken, refreshExpiresAt);
        setDeviceCookie(reply, signInDesk.deviceOf(begun.userId));
      }
      return reply.code(201).send(await tokensOf(request, services, begun, place));
    },
  );
};

const refresh: Route = (app, services) => {
  app.post(
    '/sessions/refresh',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'refreshSession',
        summary: 'Refresh a session',
        description:
          'The refresh token, from the body or the cookie, works once and is replaced by another. ' +
          'Using it again ends the session, because somebody else may have it.',
        tags,
        body: RefreshBody,
        response: {
          200: answer('The next tokens', TokensAnswer),
          ...problems(400, 401, 403, 415, 429),
        },
      },
    },
    async (request, reply) => {
      const { token, place } = refreshTokenOf(services, request, request.body?.refresh_token);
      const next = await services.signInDesk.limited('refresh', trierOf(request), () =>
        continueSession(services, token, clientOf(request)),
      );
      if (place === 'cookie') setRefreshCookie(reply, next.refreshToken, next.refreshExpiresAt);
      return tokensOf(request, services, next, place);
    },
  );
};

const leave: Route = (app, services) => {
  app.post(
    '/sessions/sign-out',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'signOut',
        summary: 'Sign out',
        description: 'Ends the session that the refresh token belongs to, with its access tokens.',
        tags,
        body: RefreshBody,
        response: {
          204: z.null().meta({ description: 'The session has ended' }),
          ...problems(400, 401, 403, 415, 429),
        },
      },
    },
    async (request, reply) => {
      const { token, place } = refreshTokenOf(services, request, request.body?.refresh_token);
      await services.signInDesk.limited('refresh', trierOf(request), () =>
        signOut(services, token, clientOf(request)),
      );
      if (place === 'cookie') clearRefreshCookie(reply);
      return reply.code(204).send(null);
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/sessions',
    {
      config: { access: ANALYSTS, usersOnly: true, whileInactive: true, withoutSecondFactor: true },
      schema: {
        operationId: 'listSessions',
        summary: 'List your own sessions',
        tags,
        response: { 200: answer('Last used first', SessionsAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const user = userOf(request);
      const found = await readSessions(services, user);
      return { sessions: found.map((session) => toSession(session, user.sessionId)) };
    },
  );
};

const end: Route = (app, services) => {
  app.delete(
    '/sessions/:id',
    {
      config: { access: ANALYSTS, usersOnly: true, whileInactive: true, withoutSecondFactor: true },
      schema: {
        operationId: 'endSession',
        summary: 'End one of your sessions',
        description: 'Its open streams end within a second.',
        tags,
        params: SessionParams,
        response: {
          204: z.null().meta({ description: 'The session has ended' }),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const { standing } = memberOf(request);
      const self = { user: userOf(request), standing };
      await endSession(services, self, request.params.id, clientOf(request));
      return reply.code(204).send(null);
    },
  );
};

/** `/invitations` and `/sessions`: how users come in, and go. */
export const sessions = noun(accept, signIn, refresh, leave, list, end);

type Place = 'cookie' | 'body';

function trierOf(request: FastifyRequest): Trier {
  return { address: clientOf(request).address, device: deviceCookie(request) };
}

async function tokensOf(
  { server }: FastifyRequest,
  services: Services,
  continued: Continued,
  place: Place,
) {
  const { token, expiresIn } = signAccessToken(server, services, continued);
  const resets = await readOwnResets(services.db, continued.userId, services.clock.now());
  return {
    access_token: token,
    token_type: 'Bearer' as const,
    expires_in: expiresIn,
    session: continued.sessionId,
    ...(place === 'body' ? { refresh_token: continued.refreshToken } : {}),
    refresh_expires_at: continued.refreshExpiresAt.toISOString(),
    notices: resets.map(toNotice),
  };
}

function toNotice({ kind, actor, at }: AccountReset) {
  return { type: `account.${kind}_reset` as const, by: actor, at: at.toISOString() };
}

/** Throws Problem refresh_token_invalid where there is none, or origin_not_allowed. */
function refreshTokenOf(
  services: Services,
  request: FastifyRequest,
  given: string | undefined,
): { readonly token: string; readonly place: Place } {
  if (given !== undefined) return { token: given, place: 'body' };
  const token = refreshCookie(services, request);
  if (token !== undefined) return { token, place: 'cookie' };
  throw new Problem('refresh_token_invalid', 'Send the refresh token, or sign in', {
    path: 'body.refresh_token',
  });
}
