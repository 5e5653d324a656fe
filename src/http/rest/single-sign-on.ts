import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../../errors.ts';
import type { Arrival, SingleSignOn } from '../../access/single-sign-on.ts';
import { clientOf } from '../edge/client.ts';
import {
  bindingCookie,
  flowCookie,
  pendingCookie,
  setBindingCookie,
  setFlowCookie,
  setPendingCookie,
  setRefreshCookie,
} from '../auth/cookies.ts';
import type { Services } from '../context.ts';
import { noun, type Route } from '../zod-app.ts';
import { Slug } from './schemas/member.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';
import { CodeBody } from './schemas/session.ts';

const tags = ['Sessions'];
const config = { access: 'public' as const };

/** Where the console asks for the code of the second factor, and where it begins. */
const SECOND_FACTOR = '/#/second-factor';
const HOME = '/';
/** Where the person sees whose account is to be bound, and confirms it. */
const CONFIRM = '/#/confirm-identity';

const StartQuery = z.strictObject({
  invitation: z.string().max(200).optional().meta({
    description: 'The token of a link, for a user who signs in for the first time',
  }),
  realm: Slug.optional().meta({
    description: 'An exercise; the session is in production unless given',
  }),
});

const BindingAnswer = z
  .object({
    organisation: z.object({ slug: z.string(), name: z.string() }),
    email: z.string().meta({ description: 'The address that was invited' }),
    issuer: z.string().meta({ description: 'The identity provider' }),
    token: z.string().meta({ description: 'Send it with the confirmation' }),
  })
  .meta({ id: 'Binding' });

const BindingBody = z.strictObject({ token: z.string().min(1).max(100) });

const BoundAnswer = z.object({
  next: z.string().meta({ description: 'The next page' }),
});

const CallbackQuery = z.looseObject({}).meta({ description: 'The error of the identity provider' });

const start: Route = (app, services) => {
  app.get(
    '/sso/start',
    {
      config,
      schema: {
        operationId: 'startSingleSignOn',
        summary: 'Redirect to the identity provider',
        description: 'For browsers. 404 if single sign-on is not set up.',
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
        summary: 'Return from the identity provider',
        description:
          'Continue the session with its cookie: `POST /api/v1/sessions/refresh`. The first time, the user must confirm that the account is theirs.',
        tags,
        querystring: CallbackQuery,
        response: {
          303: z.null().meta({
            description: 'Signed in, or redirected to the second factor or the confirmation',
          }),
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
      return reply.code(303).header('location', setCookies(reply, arrival)).send(null);
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
        summary: 'Send the code of the second factor after single sign-on',
        description: 'For a user whose identity provider did not use a second factor.',
        tags,
        body: CodeBody,
        response: {
          204: z.null().meta({ description: 'Signed in; the session continues with its cookie' }),
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

const describe: Route = (app, services) => {
  app.get(
    '/sso/binding',
    {
      config,
      schema: {
        operationId: 'getBinding',
        summary: 'Show which account would be linked to your identity',
        description: 'For the pages of this server, after the first single sign-on.',
        tags,
        response: {
          200: answer('What to confirm', BindingAnswer),
          ...problems(400, 403, 404, 429, 502),
        },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return limited(services, request, (desk) => desk.describe(bindingOf(services, request)));
    },
  );
};

const confirm: Route = (app, services) => {
  app.post(
    '/sso/binding',
    {
      config,
      schema: {
        operationId: 'confirmBinding',
        summary: 'Confirm that an account is yours',
        description:
          'Links it to your identity at the provider, and signs you in. The address that the ' +
          'provider verified must be the invited one. `POST /api/v1/me/identity/remove` undoes it.',
        tags,
        body: BindingBody,
        response: {
          200: answer('Bound', BoundAnswer),
          ...problems(400, 403, 404, 415, 429, 502),
        },
      },
    },
    async (request, reply) => {
      const arrival = await limited(services, request, (desk) => {
        const { token } = request.body;
        return desk.confirm(bindingOf(services, request), token, clientOf(request));
      });
      setBindingCookie(reply, undefined);
      return { next: setCookies(reply, arrival) };
    },
  );
};

/** `/sso`: single sign-on. */
export const singleSignOn = noun(start, callback, secondFactor, describe, confirm);

/** Sets the browser's cookies for the state it has reached; returns its next page. */
function setCookies(reply: FastifyReply, arrival: Arrival): string {
  if ('binding' in arrival) {
    setBindingCookie(reply, arrival.binding);
    return CONFIRM;
  }
  if ('pending' in arrival) {
    setPendingCookie(reply, arrival.pending);
    return SECOND_FACTOR;
  }
  const { refreshToken, refreshExpiresAt } = arrival.session;
  setRefreshCookie(reply, refreshToken, refreshExpiresAt);
  return HOME;
}

/** Throws Problem single_sign_on_failed or origin_not_allowed. */
function bindingOf(services: Services, request: FastifyRequest): string {
  const binding = bindingCookie(services, request);
  if (binding === undefined) throw begun();
  return binding;
}

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
  return new Problem('single_sign_on_failed', 'Start at /api/v1/sso/start, in this browser');
}
