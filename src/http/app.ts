import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import { Problem } from '../errors.ts';
import { takeAccessTokens } from './auth/access-tokens.ts';
import { guardRoutes } from './auth/access.ts';
import { paceAnswers } from './edge/answers.ts';
import { readBodies } from './body/parsers.ts';
import { boundLeftovers } from './body/rest-of-body.ts';
import { answerClientErrors } from './edge/client-error.ts';
import { trustProxies } from './edge/client.ts';
import { networkTest } from '../networks.ts';
import type { Services } from './context.ts';
import { rejectCrossSite } from './auth/cross-site.ts';
import { drainAtClose } from './edge/drain.ts';
import { docs } from './document/docs.ts';
import { documentObject, documentRoute } from './document/document.ts';
import { takeTurnsByNetwork, takeTurnsByOrganisation } from './edge/fairness.ts';
import { health } from './health.ts';
import { refuseKeysInUrl } from './auth/key-in-url.ts';
import { answerMethod, collectMethods } from './edge/methods.ts';
import { metrics, openMetrics } from './metrics.ts';
import { openApi } from './document/openapi.ts';
import { refusePeculiar } from './edge/nonstandard-requests.ts';
import { answerProblem } from './problem.ts';
import { auditRefusals } from './auth/refusals.ts';
import { secureAnswers } from './edge/security-headers.ts';
import { rest } from './rest/door.ts';
import { limitConcurrency } from './edge/slots.ts';
import { cutSlowReaders } from './edge/slow-readers.ts';
import { endConnectionsWithStreams } from './streams/last-answer.ts';
import { welcome } from './welcome.ts';
import { createServerFactory } from './edge/server.ts';
import type { CertificateSource } from './edge/tls.ts';
import { compileValidator } from './validation/compiler.ts';
import { logAtEnd, logRequests } from './edge/wide-line.ts';

const REQUEST_TIMEOUT_MS = 0;
const HEADERS_TIMEOUT_MS = 30_000;

/** The whole HTTP server, every door in sight; not listening yet. */
export async function createApp(
  services: Services,
  certificate?: CertificateSource,
): Promise<FastifyInstance> {
  const app = bareApp(services, certificate);
  readBodies(app, services);
  await app.register(cookie);
  await takeAccessTokens(app, services);
  await app.register(swagger, {
    openapi: openApi,
    transform: documentRoute,
    transformObject: documentObject,
  });
  await registerRoutes(app, services);
  return app;
}

/** The server of TOCSIN_METRICS_PORT, which answers /metrics alone; not listening yet. */
export async function createMetricsApp(services: Services): Promise<FastifyInstance> {
  const app = bareApp(services);
  await app.register(openMetrics, { services });
  return app;
}

/** A server without a route: what holds for every request and every answer. */
function bareApp(services: Services, certificate?: CertificateSource): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = services.log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // A body of any length may take its time; its headers may not.
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Who names no host is refused by peculiar.ts.
    http: { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: answerUnrouted(services),
    clientErrorHandler: answerClientErrors(services),
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
    serverFactory: createServerFactory({
      certificate,
      connections: {
        perNetwork: services.limits.connectionsPerNetwork,
        isTrusted: networkTest(services.limits.trustedProxies),
      },
    }),
  });
  const table = collectMethods(app);
  app.setValidatorCompiler(compileValidator);
  // Answers are documented by their schemas and held to them by tests, not checked one by one.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((request, reply) => answerProblem(nothingHere(), request, reply));
  trustProxies(app, services.limits);
  secureAnswers(app, services.publicUrl);
  drainAtClose(app);
  watchRequests(app, services);
  app.addHook('onRequest', async (request) => refuseNul(request));
  app.addHook('onRequest', async (request, reply) => {
    // Before a body is read: Fastify would read that of an unknown path too.
    if (!request.is404) return undefined;
    if (answerMethod(table, request, reply)) return reply;
    throw nothingHere();
  });
  return app;
}

async function registerRoutes(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(docs, { readers: services.limits.docs });
  await app.register(health, { services });
  await app.register(metrics, { services });
  if (!services.doors) return;
  await app.register(welcome);
  await app.register(rest, { services, prefix: '/api/v1' });
}

function nothingHere(): Problem {
  return new Problem('not_found', 'There is nothing under this path');
}

/** What looks at every request and every answer, whatever the route. */
function watchRequests(app: FastifyInstance, services: Services): void {
  endConnectionsWithStreams(app);
  cutSlowReaders(app, services.limits.answers);
  logRequests(app, services);
  boundLeftovers(app);
  auditRefusals(app, services);
  refusePeculiar(app);
  refuseKeysInUrl(app);
  rejectCrossSite(app, services);
  takeTurnsByNetwork(app);
  guardRoutes(app, services);
  limitConcurrency(app, services.limits);
  takeTurnsByOrganisation(app);
  paceAnswers(app, services);
}

/** Answers an address that cannot be read, of which no hook is told. */
function answerUnrouted(services: Services): typeof answerProblem {
  return (error, request, reply) => {
    logAtEnd(services, request, reply);
    answerProblem(error, request, reply);
  };
}

/** PostgreSQL keeps no U+0000, so nothing that an address names holds one. */
function refuseNul({ url }: FastifyRequest): void {
  if (!url.includes('%00')) return;
  throw new Problem('nul_character', 'The address holds the character U+0000', { path: 'url' });
}
