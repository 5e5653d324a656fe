import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Problem } from '../errors.ts';
import { takeAccessTokens } from './auth/access-tokens.ts';
import { guardRoutes } from './auth/access.ts';
import { paceAnswers } from './edge/answers.ts';
import { readBodies } from './body/read.ts';
import { boundLeftovers } from './body/rest-of-body.ts';
import { answerClientErrors } from './edge/client-error.ts';
import { trustProxies } from './edge/client.ts';
import { networkTest } from '../networks.ts';
import type { Services } from './context.ts';
import { rejectCrossSite } from './auth/cross-site.ts';
import { formFor, openDoor, type Door } from './door.ts';
import { DOORS, type DoorOf } from './doors.ts';
import { drainAtClose } from './edge/drain.ts';
import { docs } from './document/docs.ts';
import { documentObject, documentRoute } from './document/document.ts';
import { takeTurnsByNetwork, takeTurnsByOrganisation } from './edge/fairness.ts';
import { answerError, answerErrors, nothingHere } from './errors/form.ts';
import { PROBLEM_JSON } from './errors/problem-json.ts';
import { health } from './health.ts';
import { refuseKeysInUrl } from './auth/key-in-url.ts';
import { answerMethod, collectMethods } from './edge/methods.ts';
import { metrics, openMetrics } from './metrics.ts';
import { openApi } from './document/openapi.ts';
import { rejectNonstandard } from './edge/nonstandard-requests.ts';
import { auditRefusals } from './auth/refusals.ts';
import { secureAnswers } from './edge/security-headers.ts';
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
/** Of what stands between two slashes of a path: the longest value that can be looked up, percent-encoded. */
const PARAMETER_LENGTH_MAX = 3 * 4096;

interface AppOptions {
  /** With TLS, if given. */
  readonly certificate?: CertificateSource | undefined;
  /** All of them unless given; without any, the process only tells how it is. */
  readonly doors?: readonly DoorOf[];
}

/** The whole HTTP server; not listening yet. */
export async function createApp(
  services: Services,
  { certificate, doors = DOORS }: AppOptions = {},
): Promise<FastifyInstance> {
  const opened = doors.map((doorOf) => doorOf(services));
  const app = bareApp(services, { certificate, doors: opened });
  readBodies(app);
  await app.register(cookie);
  await takeAccessTokens(app, services);
  await app.register(swagger, {
    openapi: openApi,
    transform: documentRoute,
    transformObject: documentObject,
  });
  await app.register(docs, { readers: services.limits.docs });
  await app.register(health, { services });
  await app.register(metrics, { services });
  if (opened.length > 0) await app.register(welcome);
  for (const door of opened) await openDoor(app, door);
  return app;
}

/** The server of TOCSIN_METRICS_PORT, which answers /metrics alone; not listening yet. */
export async function createMetricsApp(services: Services): Promise<FastifyInstance> {
  const app = bareApp(services);
  await app.register(openMetrics, { services });
  return app;
}

/** A server without a route: what holds for every request and every answer. */
function bareApp(
  services: Services,
  {
    certificate,
    doors = [],
  }: { certificate?: CertificateSource | undefined; doors?: readonly Door[] } = {},
): FastifyInstance {
  // Its own, so that its level can be set apart from that of the rest of the server.
  const loggerInstance: FastifyBaseLogger = services.logger.child({});
  const app = fastify({
    loggerInstance,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // A body of any length may take its time; its headers may not.
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A request without a host is rejected by edge/nonstandard-requests.ts.
    http: { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: answerUnrouted(services, doors),
    clientErrorHandler: answerClientErrors(services),
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX, ignoreTrailingSlash: true },
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
  answerErrors(app, PROBLEM_JSON);
  trustProxies(app, services.limits);
  secureAnswers(app, services.publicUrl);
  drainAtClose(app);
  watchRequests(app, services);
  app.addHook('onRequest', async (request) => refuseNul(request));
  app.addHook('onRequest', async (request, reply) => {
    // Before a body is read: Fastify would read that of an unknown path too.
    if (!request.is404) return undefined;
    if (answerMethod(table, request, reply)) return reply;
    throw nothingHere(table.similar(request.url));
  });
  return app;
}

/** What looks at every request and every answer, whatever the route. */
function watchRequests(app: FastifyInstance, services: Services): void {
  endConnectionsWithStreams(app);
  cutSlowReaders(app, services.limits.answers);
  logRequests(app, services);
  boundLeftovers(app);
  auditRefusals(app, services);
  rejectNonstandard(app);
  refuseKeysInUrl(app);
  rejectCrossSite(app, services);
  takeTurnsByNetwork(app);
  guardRoutes(app, services);
  limitConcurrency(app, services.limits);
  takeTurnsByOrganisation(app);
  paceAnswers(app, services);
}

/** Answers an address that cannot be read, which passes no hook. */
function answerUnrouted(services: Services, doors: readonly Door[]) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    logAtEnd(services, request, reply);
    answerError(formFor(doors, request.raw.url ?? ''), error, request, reply);
  };
}

/** PostgreSQL keeps no U+0000, so nothing that an address names holds one. */
function refuseNul({ url }: FastifyRequest): void {
  if (!url.includes('%00')) return;
  throw new Problem('nul_character', 'The URL contains the character U+0000', { path: 'url' });
}
