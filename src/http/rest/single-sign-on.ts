import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../../errors.ts';
import type { SingleSignOn } from '../../organisations/single-sign-on.ts';
import { clientOf } from '../client.ts';
import {
  flowCookie,
  pendingCookie,
  setFlowCookie,
  setPendingCookie,
  setRefreshCookie,
} from '../cookies.ts';
import type { Services } from '../context.ts';
import { noun, type Route } from '../zod-app.ts';
import { Slug } from './schemas/member.ts';
import { problems } from './schemas/problem.ts';
import { CodeBody } from './schemas/session.ts';

const tags = ['Sessions'];
const config = { access: 'public' as const };

/** Where the console asks for the code of the second factor, and where it begins. */
const SECOND_FACTOR = '/#/second-factor';
const HOME = '/';

const StartQuery = z.strictObject({
  invitation: z.string().max(200).optional().meta({
    description: 'The token of a link, for who comes in for the first time',
  }),
  realm: Slug.optional().meta({
    description: 'An exercise; the session is in production unless given',
  }),
});

const CallbackQuery = z.looseObject({}).meta({ description: 'What the identity provider says' });

const start: Route = (app, services) => {
  app.get(
    '/sso/start',
    {
      config,
      schema: {
        operationId: 'startSingleSignOn',
        summary: 'Go to the identity provider',
        description: 'For browsers. 404 where single sign-on is not set up.',
        tags,
        querystring: StartQuery,
        response: { 303: z.null().meta({ description: 'There' }), ...problems(400, 404, 429, 502) },
      },
    },
    async (request, reply) => {
      const { url, flow } = await limited(services, request, (desk) => desk.start(request.query));
      setFlowCookie(reply, flow);
      return reply.code(303).header('location', url).send(null);
    },
  );
};

const callback: Route = (app, services) => {
  app.get(
    '/sso/callback',
    {
      config,
      schema: {
        operationId: 'finishSingleSignOn',
        summary: 'Come back from the identity provider',
        description: 'The session goes on by its cookie: `POST /api/v1/sessions/refresh`.',
        tags,
        querystring: CallbackQuery,
        response: {
          303: z.null().meta({ description: 'Signed in, or to the second factor' }),
          ...problems(400, 403, 404, 429, 502, 503),
        },
      },
    },
    async (request, reply) => {
      const arrival = await limited(services, request, (desk) => {
        const flow = flowCookie(request);
        if (flow === undefined) throw begun();
        const query = new URL(request.url, 'http://server').search;
        return desk.finish(flow, query, clientOf(request));
      });
      setFlowCookie(reply, undefined);
      if ('pending' in arrival) {
        setPendingCookie(reply, arrival.pending);
        return reply.code(303).header('location', SECOND_FACTOR).send(null);
      }
      const { refreshToken, refreshExpiresAt } = arrival.session;
      setRefreshCookie(reply, refreshToken, refreshExpiresAt);
      return reply.code(303).header('location', HOME).send(null);
    },
  );
};

const secondFactor: Route = (app, services) => {
  app.post(
    '/sso/second-factor',
    {
      config,
      schema: {
        operationId: 'completeSingleSignOn',
        summary: 'Give the code of the second factor after single sign-on',
        tags,
        body: CodeBody,
        response: {
          204: z.null().meta({ description: 'Signed in; the session goes on by its cookie' }),
          ...problems(400, 401, 403, 404, 415, 429, 502),
        },
      },
    },
    async (request, reply) => {
      const session = await limited(services, request, (desk) => {
        const pending = pendingCookie(services, request);
        if (pending === undefined) throw begun();
        return desk.complete(pending, request.body.code, clientOf(request));
      });
      setPendingCookie(reply, undefined);
      setRefreshCookie(reply, session.refreshToken, session.refreshExpiresAt);
      return reply.code(204).send(null);
    },
  );
};

/** `/sso`: single sign-on. */
export const singleSignOn = noun(start, callback, secondFactor);

function deskOf({ singleSignOn: desk }: Services): SingleSignOn {
  if (desk !== undefined) return desk;
  throw new Problem('not_found', 'Single sign-on is not set up on this server');
}

/** Counts a try of this network; one that succeeds is not counted. */
async function limited<T>(
  services: Services,
  request: FastifyRequest,
  work: (desk: SingleSignOn) => Promise<T> | T,
): Promise<T> {
  const desk = deskOf(services);
  const { address } = clientOf(request);
  return services.signInDesk.limited('single_sign_on', { address }, async () => work(desk));
}

function begun(): Problem {
  return new Problem('single_sign_on_failed', 'Begin at /api/v1/sso/start, in this browser');
}
