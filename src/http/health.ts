import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Problem } from '../errors.ts';
import { findLogBounds, findSequencerLag } from '../store/log.ts';
import { pendingMigrations } from '../store/migrate.ts';
import type { Services } from './context.ts';
import { answer, textAnswer } from './rest/schemas/answer.ts';
import { problems } from './rest/schemas/problem.ts';

/** A committed row that waits longer than this means that nobody sequences. */
const SEQUENCER_LAG_SECONDS_MAX = 10;

const METRICS_EXAMPLE = '# TYPE tocsin_log_head gauge\ntocsin_log_head 18211\n';

const HealthAnswer = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
const ReadyAnswer = z
  .object({
    status: z.literal('ready'),
    sequencer_lag_seconds: z.number().meta({ description: 'Age of what waits to be sequenced' }),
  })
  .meta({ id: 'Ready' });

/** `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`: in numbers. */
export const health: FastifyPluginCallbackZod<{ services: Services }> = (
  app,
  { services },
  done,
) => {
  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the process answers',
        tags: ['Operations'],
        response: { 200: answer('It answers', HealthAnswer) },
      },
    },
    () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether the server can do its work',
        tags: ['Operations'],
        response: { 200: answer('It can', ReadyAnswer), ...problems(503) },
      },
    },
    async () => ({ status: 'ready' as const, sequencer_lag_seconds: await readiness(services) }),
  );
  app.get(
    '/metrics',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Prometheus metrics',
        tags: ['Operations'],
        response: { 200: textAnswer('In the text format 0.0.4', 'text/plain', METRICS_EXAMPLE) },
      },
    },
    async (_request, reply) => {
      const { registry } = services.metrics;
      const [bounds, lag] = await Promise.all([
        findLogBounds(services.db),
        findSequencerLag(services.db),
      ]);
      services.metrics.logHead.set(bounds.head);
      services.metrics.sequencerLag.set(lag);
      for (const { pool, ...states } of services.db.connections()) {
        for (const [state, connections] of Object.entries(states)) {
          services.metrics.pool.set({ pool, state }, connections);
        }
      }
      services.metrics.subscriptionLag.reset();
      for (const [subscription, rows] of services.worker?.lags() ?? []) {
        services.metrics.subscriptionLag.set({ subscription }, rows);
      }
      return reply.header('content-type', registry.contentType).send(await registry.metrics());
    },
  );
  done();
};

/** The sequencer's lag. Throws Problem not_ready naming what is wrong. */
async function readiness({ db, stopping }: Services): Promise<number> {
  if (stopping.aborted) throw new Problem('not_ready', 'The server is stopping');
  let lag: number;
  try {
    const pending = await pendingMigrations(db.url);
    if (pending.length > 0) throw new Problem('not_ready', `${pending.length} migrations pending`);
    lag = await findSequencerLag(db);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('not_ready', 'The database does not answer', { cause });
  }
  if (lag > SEQUENCER_LAG_SECONDS_MAX) {
    throw new Problem(
      'not_ready',
      `What was posted has waited ${Math.round(lag)} s to be sequenced`,
    );
  }
  return lag;
}
