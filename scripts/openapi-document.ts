import { systemClock } from '../src/clock.ts';
import { createApp } from '../src/http/app.ts';
import { createByteBudget } from '../src/http/edge/byte-budget.ts';
import { createHttpMetrics } from '../src/http/measures.ts';
import type { Limits, Services } from '../src/http/context.ts';
import { createSpools } from '../src/http/bundles/spool.ts';
import { createKeyring } from '../src/keyring.ts';
import { createLogGrowth } from '../src/log/growth.ts';
import { createSignInDesk } from '../src/access/sign-in.ts';
import { openDatabase } from '../src/store/postgres/database.ts';
import { createLogger, createRegistry } from '../src/telemetry.ts';

const QUOTAS: Services['quotas'] = {
  bytesPerDay: 1,
  audiences: 1,
  subscriptions: 1,
  keys: 1,
  users: 1,
  groups: { owned: 1, joined: 1, members: 1, invitationsReceived: 1, invitationsSent: 1 },
};

const IDLE_LIMITS: Limits = {
  bodyBytesMax: 1024,
  bundleObjectsMax: 1,
  bodyBytesPerSecond: 1,
  bodyPauseSeconds: 1,
  metricsToken: undefined,
  docs: 'public',
  trustedProxies: [],
  forwardedHeader: 'x-forwarded-for',
  connectionsPerNetwork: 1,
  requests: { total: 1, perOrganisation: 1, perKey: 1 },
  streams: { total: 1, perOrganisation: 1, perKey: 1, bytesMax: 1024 },
  answers: { stallMs: 1000, bytesPerSecond: 1 },
};

/** What the routes are built with when nothing is to be asked of them: it connects to nothing. */
function idleServices(): Services {
  const idle = (): Promise<void> => Promise.resolve();
  // Connects at the first query, of which there is none.
  const db = openDatabase({
    url: 'postgres://127.0.0.1/none',
    poolMax: 2,
    onError: () => undefined,
  });
  const budget = createByteBudget({ total: 0, perOrganisation: 0, waitMs: 0 });
  const keyring = createKeyring(Buffer.alloc(32));
  return {
    db,
    keyring,
    clock: systemClock,
    sharing: {
      db,
      clock: systemClock,
      quotas: QUOTAS,
      unknownTlp: 'warn',
      onAccepted: () => undefined,
    },
    logger: createLogger('silent'),
    metrics: createHttpMetrics(createRegistry(), budget),
    disclosures: { record: () => undefined },
    refusals: { record: () => undefined },
    sequencer: { nudge: () => undefined, close: idle },
    growth: createLogGrowth(),
    webhooks: {
      check: idle,
      changed: () => undefined,
      test: () => Promise.reject(new Error('Nothing is sent')),
    },
    rates: {
      admit: () => Promise.resolve({}),
      charge: () => undefined,
      pause: () => Promise.resolve(0),
      take: () => Promise.resolve(0),
      wrongKey: idle,
    },
    quotas: QUOTAS,
    limits: IDLE_LIMITS,
    spools: createSpools({ spoolDirectory: '.', spoolBytesMax: 0 }),
    budget,
    signInDesk: createSignInDesk({ db, keyring, clock: systemClock }, 1),
    secondFactorRequired: true,
    singleSignOn: undefined,
    publicUrl: undefined,
    stopping: new AbortController().signal,
  };
}

/** A server of this code that is not listening and asks nothing of anything; `close` ends it. */
export async function idleApp(): Promise<{
  readonly app: Awaited<ReturnType<typeof createApp>>;
  readonly close: () => Promise<void>;
}> {
  const services = idleServices();
  const app = await createApp(services);
  return {
    app,
    close: async () => {
      await app.close();
      await services.db.close();
    },
  };
}

/** The OpenAPI document that a server of this code gives at /openapi.json. Needs no database. */
export async function openApiDocument(): Promise<object> {
  const { app, close } = await idleApp();
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await close();
  }
}
