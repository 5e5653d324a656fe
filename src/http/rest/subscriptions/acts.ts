import {
  readAttempts,
  readSubscription,
  replaySubscription,
  rotateSecret,
} from '../../../deliveries/subscriptions.ts';
import { sealNumber } from '../../../log/cursor.ts';
import type { Member } from '../../../sharing/member.ts';
import type { AttemptView } from '../../../store/deliveries/subscriptions.ts';
import { ANALYSTS, memberOf, ORG_ADMINS } from '../../auth/access.ts';
import type { Services } from '../../context.ts';
import { outOfTurn } from '../../edge/fairness.ts';
import { noun, type Route } from '../../zod-app.ts';
import { answer } from '../../document/answer.ts';
import { problems } from '../../document/problems.ts';
import {
  AttemptsAnswer,
  AttemptsQuery,
  Replay,
  Rotation,
  SecretAnswer,
  SubscriptionAnswer,
  SubscriptionParams,
  TestAnswer,
} from '../schemas/subscription.ts';
import { toAnswer } from './subscriptions.ts';

const errors = problems(400, 401, 403, 404, 409, 415);

const one = { tags: ['Subscriptions'], params: SubscriptionParams };

const test: Route = (app, services) => {
  app.post(
    '/subscriptions/:id/test',
    {
      config: { access: ORG_ADMINS, inExercises: true },
      schema: {
        ...one,
        operationId: 'testSubscription',
        summary: 'Send a signed test event now',
        response: { 200: answer('The answer of the endpoint', TestAnswer), ...errors },
      },
    },
    async (request) => {
      const member = memberOf(request);
      await readSubscription(services, member, request.params.id);
      const { durationMs, ...outcome } = await outOfTurn(request, () =>
        services.webhooks.test(request.params.id, member.viewer.organisationId),
      );
      return { ...outcome, duration_ms: durationMs };
    },
  );
};

const replay: Route = (app, services) => {
  app.post(
    '/subscriptions/:id/replay',
    {
      config: { access: ORG_ADMINS, inExercises: true },
      schema: {
        ...one,
        operationId: 'replaySubscription',
        summary: 'Deliver again from the beginning, now or a cursor',
        description: 'Without a body, delivery begins at the beginning.',
        body: Replay,
        response: { 200: answer('As it stands', SubscriptionAnswer), ...errors },
      },
    },
    async (request) => {
      const { params, body } = request;
      const view = await replaySubscription(services, memberOf(request), params.id, body);
      services.webhooks.changed();
      return toAnswer(view);
    },
  );
};

const rotate: Route = (app, services) => {
  app.post(
    '/subscriptions/:id/rotate-secret',
    {
      config: { access: ORG_ADMINS, inExercises: true },
      schema: {
        ...one,
        operationId: 'rotateSecret',
        summary: 'Create a new signing secret',
        description:
          'For a while the old secret signs too, so that you can replace it in the receiver.',
        body: Rotation,
        response: { 200: answer('The new secret, shown only once', SecretAnswer), ...errors },
      },
    },
    async (request) => {
      const nowMs = services.clock.now().getTime();
      const overlapSeconds = request.body.overlap_seconds;
      const secret = await rotateSecret(services, memberOf(request), request.params.id, {
        nowMs,
        overlapSeconds,
      });
      return { secret };
    },
  );
};

const attempts: Route = (app, services) => {
  app.get(
    '/subscriptions/:id/attempts',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        ...one,
        operationId: 'listAttempts',
        summary: 'List delivery attempts',
        querystring: AttemptsQuery,
        response: { 200: answer('Newest first', AttemptsAnswer), ...errors },
      },
    },
    async (request) => {
      const member = memberOf(request);
      const { before, limit } = request.query;
      const rows = await readAttempts(services, member, request.params.id, { before, limit });
      return { attempts: rows.map((row) => toAttempt(services, member, row)) };
    },
  );
};

/** What can be done with one subscription. */
export const subscriptionActs = noun(test, replay, rotate, attempts);

/** Attempts are counted for all organisations together, so their numbers are sealed. Only those who may change the endpoint see the text of an answer; every reader sees why there was none. */
function toAttempt({ keyring }: Services, { viewer, role }: Member, row: AttemptView) {
  const { id, webhookId, kind, startedAt, durationMs, detail, ...rest } = row;
  const isAnswer = rest.status !== null;
  return {
    id: sealNumber(keyring, viewer, 'attempt', id),
    ...rest,
    detail: isAnswer && !ORG_ADMINS.includes(role) ? null : detail,
    webhook_id: webhookId,
    kind: kind === 'test' ? ('test' as const) : ('delivery' as const),
    started_at: startedAt.toISOString(),
    duration_ms: durationMs,
  };
}
