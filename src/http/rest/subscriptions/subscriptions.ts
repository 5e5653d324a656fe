import { z } from 'zod';
import {
  changeSubscription,
  createSubscription,
  readSubscription,
  readSubscriptions,
  removeSubscription,
  type SubscriptionView,
} from '../../../deliveries/subscriptions.ts';
import { SubscriptionFilter } from '../../../deliveries/filter.ts';
import { memberOf, ORG_ADMINS, ANALYSTS } from '../../auth/access.ts';
import { locationOf } from '../../edge/location.ts';
import { noun, type Route } from '../../zod-app.ts';
import { answer } from '../../document/answer.ts';
import { problems } from '../../document/problems.ts';
import {
  NewSubscription,
  NewSubscriptionAnswer,
  SubscriptionAnswer,
  SubscriptionChange,
  SubscriptionParams,
  SubscriptionsAnswer,
} from '../schemas/subscription.ts';

const tags = ['Subscriptions'];
const common = problems(400, 401, 403);

const one = { tags, params: SubscriptionParams };

const create: Route = (app, services) => {
  app.post(
    '/subscriptions',
    {
      config: { access: ORG_ADMINS, inExercises: true },
      schema: {
        operationId: 'createSubscription',
        summary: 'Create a webhook subscription',
        tags,
        body: NewSubscription,
        response: {
          201: answer('Created; its secret is shown only once', NewSubscriptionAnswer),
          ...common,
          ...problems(409, 415),
        },
      },
    },
    async (request, reply) => {
      const {
        batch_max: batchMax,
        linger_ms: lingerMs,
        as_posted: asPosted,
        ...rest
      } = request.body;
      await services.webhooks.check(rest.url);
      const input = { ...rest, batchMax, lingerMs, asPosted };
      const made = await createSubscription(services, memberOf(request), input);
      services.webhooks.changed();
      const answer = { ...toAnswer(made.subscription), secret: made.secret };
      return reply.code(201).header('location', locationOf(request, answer.id)).send(answer);
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/subscriptions',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        operationId: 'listSubscriptions',
        summary: 'List the subscriptions of your organisation',
        tags,
        response: { 200: answer('All of them', SubscriptionsAnswer), ...common },
      },
    },
    async (request) => {
      const views = await readSubscriptions(services, memberOf(request));
      return { subscriptions: views.map(toAnswer) };
    },
  );
};

const read: Route = (app, services) => {
  app.get(
    '/subscriptions/:id',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        ...one,
        operationId: 'getSubscription',
        summary: 'Get a subscription',
        response: { 200: answer('As it stands', SubscriptionAnswer), ...common, ...problems(404) },
      },
    },
    async (request) =>
      toAnswer(await readSubscription(services, memberOf(request), request.params.id)),
  );
};

const change: Route = (app, services) => {
  app.patch(
    '/subscriptions/:id',
    {
      config: { access: ORG_ADMINS, inExercises: true },
      schema: {
        ...one,
        operationId: 'changeSubscription',
        summary: 'Change, pause or resume a subscription',
        description: 'When it is active again, it continues where it stopped.',
        body: SubscriptionChange,
        response: {
          200: answer('As it stands', SubscriptionAnswer),
          ...common,
          ...problems(404, 415),
        },
      },
    },
    async (request) => {
      const {
        batch_max: batchMax,
        linger_ms: lingerMs,
        as_posted: asPosted,
        ...change
      } = request.body;
      if (change.url !== undefined) await services.webhooks.check(change.url);
      const input = { ...change, batchMax, lingerMs, asPosted };
      const view = await changeSubscription(services, memberOf(request), request.params.id, input);
      services.webhooks.changed();
      return toAnswer(view);
    },
  );
};

const remove: Route = (app, services) => {
  app.delete(
    '/subscriptions/:id',
    {
      config: { access: ORG_ADMINS, inExercises: true },
      schema: {
        ...one,
        operationId: 'deleteSubscription',
        summary: 'Delete a subscription with its record of attempts',
        response: {
          204: z.null().meta({ description: 'Deleted' }),
          ...common,
          ...problems(404),
        },
      },
    },
    async (request, reply) => {
      await removeSubscription(services, memberOf(request), request.params.id);
      services.webhooks.changed();
      return reply.code(204).send(null);
    },
  );
};

/** `/subscriptions`: the webhook endpoints of the caller's organisation. */
export const subscriptions = noun(create, list, read, change, remove);

export function toAnswer(view: SubscriptionView) {
  const { id, url, description, reason, cursor, failures } = view;
  return {
    id,
    url,
    description,
    filter: SubscriptionFilter.parse(view.filter),
    batch_max: view.batchMax,
    linger_ms: view.lingerMs,
    as_posted: view.asPosted,
    state: SubscriptionAnswer.shape.state.parse(view.state),
    reason,
    cursor,
    failures,
    next_attempt_at: view.nextAttemptAt.toISOString(),
    created_at: view.createdAt.toISOString(),
  };
}
