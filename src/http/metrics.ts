import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../errors.ts';
import { knownMember } from './auth/access.ts';
import type { Services } from './context.ts';
import { textAnswer } from './document/answer.ts';
import { problems } from './document/problems.ts';
import type { HttpMetrics } from './measures.ts';
import { noun, type Route } from './zod-app.ts';

const EXAMPLE = '# TYPE tocsin_log_head gauge\ntocsin_log_head 18211\n';

const prometheus: Route = (app, services) => {
  const { limits, metrics } = services;
  app.get(
    '/metrics',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Prometheus metrics',
        description:
          'The counts reveal how much members share, so only operators can read them: ' +
          'with the token of TOCSIN_METRICS_TOKEN_FILE or a key of role admin. The port of ' +
          'TOCSIN_METRICS_PORT needs neither.',
        tags: ['Operations'],
        response: {
          200: textAnswer('In the text format 0.0.4', 'text/plain', EXAMPLE),
          ...problems(401, 403),
        },
      },
    },
    async (request, reply) => {
      if (!isToken(limits.metricsToken, request)) await refuseStrangers(services, request);
      return sendMetrics(metrics, reply);
    },
  );
};

/** `/metrics`: the server in numbers, for its operator. */
export const metrics = noun(prometheus);

/** `/metrics` alone, for a listener that only the operator's network reaches: it asks for no key. */
export async function openMetrics(
  app: FastifyInstance,
  { services }: { readonly services: Services },
): Promise<void> {
  const schema = { hide: true };
  app.get('/metrics', { config: { access: 'public' }, schema }, (_request, reply) =>
    sendMetrics(services.metrics, reply),
  );
}

function sendMetrics(
  { registry }: HttpMetrics,
  reply: Pick<FastifyReply, 'header'>,
): Promise<string> {
  reply.header('content-type', registry.contentType);
  return registry.metrics();
}

/** Digests are compared, which are of one length. */
function isToken(token: string | undefined, { headers }: FastifyRequest): boolean {
  const [, given] = /^Bearer +(\S+)$/iu.exec(headers.authorization ?? '') ?? [];
  if (token === undefined || given === undefined) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(token), digest(given));
}

async function refuseStrangers(services: Services, request: FastifyRequest): Promise<void> {
  const { role } = await knownMember(services, request);
  if (role !== 'admin') throw new Problem('role_not_allowed', 'This requires a key of role admin');
}
