import { systemClock, type Clock } from '../../clock.ts';
import type { Config } from '../../config.ts';
import { createDeliveryMetrics, measureLags } from '../../deliveries/metrics.ts';
import { createWebhooks } from '../../deliveries/webhooks.ts';
import { startWorker, type Worker } from '../../deliveries/worker.ts';
import { createEgress, type Egress } from '../../egress/egress.ts';
import { egressFetch } from '../../egress/fetch.ts';
import { createByteBudget } from '../../http/edge/byte-budget.ts';
import type { Services } from '../../http/context.ts';
import { DOORS, type DoorOf } from '../../http/doors.ts';
import { createHttpMetrics } from '../../http/measures.ts';
import { createRates } from '../../http/edge/rates.ts';
import { createSpools } from '../../http/bundles/spool.ts';
import { sharingContext } from '../../indicators/context.ts';
import { measureLog } from '../../log/metrics.ts';
import { startSearchIndex, type SearchIndex } from '../../log/search-index.ts';
import { startSequencer, type Sequencer } from '../../log/sequencer.ts';
import { createSignInDesk, type SignInContext } from '../../access/sign-in.ts';
import { createSingleSignOn } from '../../access/single-sign-on.ts';
import { createLogGrowth, type LogGrowth } from '../../log/growth.ts';
import { listen } from '../../store/postgres/listen.ts';
import { measurePools } from '../../store/postgres/metrics.ts';
import { createRegistry, type Logger, type Registry } from '../../telemetry.ts';
import { closeAll, type Part } from '../closing.ts';
import { startAudit } from './audit.ts';
import { createListeners, reserveAddresses } from './listen.ts';
import { watchTime } from './watch.ts';
import { openStore, type OpenStore } from '../open.ts';

export const SERVER_ROLES = ['http', 'worker'] as const;
export type ServerRole = (typeof SERVER_ROLES)[number];

export interface RunningServer {
  /** Where it listens. */
  readonly url: string;
  /** Where it listens for /metrics alone. */
  readonly metricsUrl: string | undefined;
  /** Finishes what is under way, gives back leases and lets go of the database. */
  close(): Promise<void>;
}

interface Surroundings {
  readonly clock?: Clock;
  /** All of them unless given. */
  readonly doors?: readonly DoorOf[];
  /** Gives up the start when it aborts. */
  readonly signal?: AbortSignal;
}

/** Starts the server in the given roles. Any number of processes may, on one database. */
export async function serve(
  config: Config,
  logger: Logger,
  roles: readonly ServerRole[],
  { clock = systemClock, doors = DOORS, signal }: Surroundings = {},
): Promise<RunningServer> {
  const release = await reserveAddresses(config);
  const exclusive = config.databaseUrl === undefined;
  const store = await openStore(config, logger, { exclusive, signal }).catch(
    async (error: unknown) => {
      await release();
      throw error;
    },
  );
  const stopping = new AbortController();
  const started: Started = { above: [], below: [store] };
  const close = async (): Promise<void> => {
    stopping.abort();
    // Requests and deliveries end side by side: neither costs the other its time to end in order.
    await closeAll(started.above, ...started.below.toReversed().map((part) => [part]));
    logger.info('stopped');
  };
  try {
    const listeners = await assemble({
      config,
      logger,
      roles,
      clock,
      doors,
      store,
      stopping,
      started,
    });
    await release();
    const { url, metricsUrl } = await listeners.listen();
    return { url, metricsUrl, close };
  } catch (error) {
    await release();
    // Otherwise the worker would continue, and the embedded database would outlive us.
    await close();
    throw error;
  }
}

/** What is to be closed: what takes and sends requests at first, then what they stand on, the last one first. */
interface Started {
  readonly above: Part[];
  readonly below: Part[];
}

interface Plan {
  readonly config: Config;
  readonly logger: Logger;
  readonly roles: readonly ServerRole[];
  readonly clock: Clock;
  readonly doors: readonly DoorOf[];
  readonly store: OpenStore;
  readonly stopping: AbortController;
  readonly started: Started;
}

/** Starts everything on the store but listens not yet, noting each part as soon as it is there. */
async function assemble({ config, logger, roles, clock, doors, store, stopping, started }: Plan) {
  const { above, below } = started;
  const isWorker = roles.includes('worker');
  const growth = createLogGrowth();
  const registry = createRegistry();
  const egress = createEgress({ allow: [...config.egressAllow] });
  below.push(egress);
  const { db, keyring } = store;
  measurePools(registry, db);
  measureLog(registry, db);
  const sequencer = sequence(store, growth, logger);
  below.push(sequencer);
  const { leaseSeconds, deliveriesMax } = config;
  const audit = await startAudit(store, logger, isWorker);
  below.push(audit);
  const shared = { db, keyring, clock, logger, disclosures: audit.disclosures };
  const delivering = { ...shared, egress, metrics: createDeliveryMetrics(registry) };
  const worker = isWorker
    ? startWorker({ ...delivering, growth, leaseSeconds, deliveriesMax })
    : undefined;
  if (worker !== undefined) above.push(worker);
  measureLags(registry, worker);
  below.push(listenForGrowth(store, growth, worker, logger));
  if (isWorker)
    below.push(watchTime(store, sequencer, logger, clock), indexForSearch(store, logger));
  const services: Services = {
    ...shared,
    refusals: audit.refusals,
    sharing: sharingContext({
      db,
      clock,
      quotas: config.quotas,
      unknownTlp: config.unknownTlp,
      sequencer,
    }),
    sequencer,
    growth,
    webhooks: createWebhooks(delivering, worker),
    ...bounds(config, registry),
    ...signingIn(config, { db, keyring, clock }, egress),
    stopping: stopping.signal,
  };
  const listeners = await createListeners(services, {
    config,
    logger,
    doors: roles.includes('http') ? doors : [],
  });
  above.push(listeners);
  return listeners;
}

/** What every request is held to, and what is counted of it. */
function bounds(config: Config, registry: Registry) {
  const budget = createByteBudget(config.bytesInFlight);
  return {
    budget,
    metrics: createHttpMetrics(registry, budget),
    rates: createRates(config.rates),
    spools: createSpools(config),
    limits: config,
    quotas: config.quotas,
  };
}

/** What the doors need for people who sign in. */
function signingIn(config: Config, own: SignInContext, egress: Egress) {
  const { publicUrl, identityProvider, signInTries, secondFactorRequired } = config;
  const signInDesk = createSignInDesk(own, signInTries);
  const fetch = egressFetch(egress, { timeoutMs: 10_000, maxResponseBytes: 512 * 1024 });
  const singleSignOn =
    identityProvider &&
    createSingleSignOn({ ...own, signInDesk, fetch, provider: identityProvider });
  return { publicUrl, signInDesk, singleSignOn, secondFactorRequired };
}

function sequence({ db }: OpenStore, growth: LogGrowth, logger: Logger): Sequencer {
  return startSequencer({
    db,
    onHead: (head) => growth.reached(head),
    onError: (error) => logger.warn({ err: error }, 'the inbox could not be sequenced'),
  });
}

function indexForSearch({ db }: OpenStore, logger: Logger): SearchIndex {
  return startSearchIndex(db, (error) =>
    logger.warn({ err: error }, 'the log could not be indexed for searches'),
  );
}

function listenForGrowth(
  { url }: OpenStore,
  growth: LogGrowth,
  worker: Worker | undefined,
  logger: Logger,
) {
  return listen({
    url,
    channels: ['tocsin_log', 'tocsin_subscription', 'tocsin_gone', 'tocsin_standing'],
    onNotice: (channel, payload) => {
      if (channel === 'tocsin_log') growth.reached(Number(payload));
      else if (channel === 'tocsin_standing') growth.wake();
      else if (channel === 'tocsin_gone') worker?.forget();
      else worker?.nudge();
    },
    onConnected: () => {
      worker?.forget();
      growth.wake();
    },
    onError: (error) => logger.warn({ err: error }, 'the listening connection broke'),
  });
}
