import type { FastifyRequest } from 'fastify';
import { Gauge } from 'prom-client';
import { Problem } from '../errors.ts';
import { isWithin } from '../organisations/networks.ts';
import { findLogBounds, findSequencerLag } from '../store/log.ts';
import { memberBehind } from './authenticate.ts';
import { clientAddress } from './client.ts';
import type { Services } from './context.ts';
import { textAnswer } from './rest/schemas/answer.ts';
import { problems } from './rest/schemas/problem.ts';
import { noun, type Route } from './zod-app.ts';

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

const EXAMPLE = '# TYPE tocsin_log_head gauge\ntocsin_log_head 18211\n';

const prometheus: Route = (app, services) => {
  const bytesInFlight = new Gauge({
    name: 'tocsin_bytes_in_flight',
    help: 'Bytes of memory that requests and answers under way take from the budget',
    registers: [services.metrics.registry],
  });
  const { metricsAllow } = services.limits;
  app.get(
    '/metrics',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Prometheus metrics',
        description:
          'Counts tell how much members share, so this is for the operator: from the addresses of ' +
          'TOCSIN_METRICS_ALLOW, or with a key of role admin.',
        tags: ['Operations'],
        response: {
          200: textAnswer('In the text format 0.0.4', 'text/plain', EXAMPLE),
          ...problems(401, 403),
        },
      },
    },
    async (request, reply) => {
      if (!isWatcher(request, metricsAllow)) await refuseStrangers(services, request);
      const { registry } = services.metrics;
      await gather(services);
      bytesInFlight.set(services.budget.inFlight());
      return reply.header('content-type', registry.contentType).send(await registry.metrics());
    },
  );
};

/** `/metrics`: the server in numbers, for its operator. */
export const metrics = noun(prometheus);

/** What came through a proxy has the proxy's address, which says nothing. */
function isWatcher(request: FastifyRequest, allowed: readonly string[]): boolean {
  if (FORWARDED.some((name) => request.headers[name] !== undefined)) return false;
  return isWithin(allowed, clientAddress(request));
}

async function refuseStrangers(services: Services, request: FastifyRequest): Promise<void> {
  const { role } = await memberBehind(services, request);
  if (role !== 'admin') throw new Problem('role_not_allowed', 'This takes a key of role admin');
}

/** Brings up to date what is only known when asked. */
async function gather(services: Services): Promise<void> {
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
}
