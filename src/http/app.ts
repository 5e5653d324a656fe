import { randomUUID } from 'node:crypto';
import accepts from '@fastify/accepts';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { Problem } from '../errors.ts';
import { guardRoutes } from './access.ts';
import { readBodies } from './bodies.ts';
import type { Services } from './context.ts';
import { health } from './health.ts';
import { openApi } from './openapi.ts';
import { answerProblem } from './problem.ts';
import { bundles } from './rest/bundles.ts';
import { changes } from './rest/changes.ts';
import { indicators } from './rest/indicators.ts';
import { me } from './rest/me.ts';
import { objects } from './rest/objects.ts';
import { stream } from './rest/stream.ts';
import { subscriptionActs } from './rest/subscription-acts.ts';
import { subscriptions } from './rest/subscriptions.ts';
import { logRequests } from './wide-line.ts';

const REQUEST_TIMEOUT_MS = 0;
const HEADERS_TIMEOUT_MS = 30_000;

/** The whole HTTP server, every door in sight; not listening yet. */
export async function createApp(services: Services): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: services.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: services.limits.bodyBytesMax,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // A body of any length may take its time; its headers may not.
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 300 },
  });
  app.setValidatorCompiler(validatorCompiler);
  // Answers are documented by their schemas and held to them by tests, not checked one by one.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((request, reply) => {
    answerProblem(new Problem('not_found', 'There is nothing under this path'), request, reply);
  });
  logRequests(app, services);
  guardRoutes(app, services);
  app.addHook('onRequest', async (request) => refuseNul(request));
  readBodies(app);
  await app.register(accepts);
  await app.register(swagger, {
    openapi: openApi,
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(docs);
  await app.register(health, { services });
  if (services.doors) await app.register(rest, { services, prefix: '/api/v1' });
  return app;
}

/** PostgreSQL keeps no U+0000, so nothing that an address names holds one. */
function refuseNul({ url }: FastifyRequest): void {
  if (!url.includes('%00')) return;
  throw new Problem('nul_character', 'The address holds the character U+0000', { path: 'url' });
}

/** `/docs`, and `/openapi.json` for machines. */
async function docs(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { access: 'public', ...route.config };
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

/** The REST door. */
async function rest(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  const options = { services };
  for (const noun of [bundles, indicators, objects, changes, stream, me]) {
    await app.register(noun, options);
  }
  await app.register(subscriptions, options);
  await app.register(subscriptionActs, options);
}
