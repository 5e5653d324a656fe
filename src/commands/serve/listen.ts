/** Where a server listens: its doors, with TLS of its own or without, and /metrics on a port of its own. */
import { Server as TlsServer } from 'node:https';
import { once } from 'node:events';
import { createServer, isIP, type AddressInfo, type Server } from 'node:net';
import { ConfigError, type Config } from '../../config.ts';
import { createApp, createMetricsApp } from '../../http/app.ts';
import type { Services } from '../../http/context.ts';
import type { DoorOf } from '../../http/doors.ts';
import { networkTest } from '../../networks.ts';
import type { Logger } from '../../telemetry.ts';
import { watchCertificate } from '../certificate.ts';
import { closeAll, type Part } from '../closing.ts';

type App = Awaited<ReturnType<typeof createApp>>;

export interface Listeners extends Part {
  /** Throws ConfigError when an address cannot be listened on. */
  listen(): Promise<{ readonly url: string; readonly metricsUrl: string | undefined }>;
}

interface ListenerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly doors: readonly DoorOf[];
}

/** Makes the HTTP servers of this process; none listens yet. Throws ConfigError for a bad certificate. */
export async function createListeners(
  services: Services,
  { config, logger, doors }: ListenerOptions,
): Promise<Listeners> {
  const certificate = config.tls && (await watchCertificate(config.tls, logger));
  const app = await createApp(services, { certificate, doors });
  const metricsApp =
    config.metricsPort === undefined ? undefined : await createMetricsApp(services);
  return {
    listen: async () => {
      for (const exposure of exposures(config)) logger.warn(exposure);
      const [main, metrics] = placesOf(config);
      const url = await listenOn(app, main);
      const metricsUrl = metricsApp && metrics && (await listenOn(metricsApp, metrics));
      return { url, metricsUrl };
    },
    close: async () => {
      const servers = [app, metricsApp].filter((server) => server !== undefined);
      await closeAll(servers, certificate === undefined ? [] : [certificate]);
    },
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
  /** The settings that name it. */
  readonly settings: { readonly host: string; readonly port: string };
}

/** Where a server of these settings listens: for its doors, and for /metrics alone. */
function placesOf({ host, port, metricsHost, metricsPort }: Config): [Place, ...Place[]] {
  const main: Place = { host, port, settings: { host: 'HOST', port: 'PORT' } };
  if (metricsPort === undefined) return [main];
  const settings = { host: 'TOCSIN_METRICS_HOST', port: 'TOCSIN_METRICS_PORT' };
  return [main, { host: metricsHost, port: metricsPort, settings }];
}

/**
 * Binds the addresses of these settings, so that one that is taken ends the start before anything is
 * created. Connections are closed at once. The result gives the addresses back, right before the
 * server itself binds them. Throws ConfigError when an address cannot be listened on.
 */
export async function reserveAddresses(config: Config): Promise<() => Promise<void>> {
  const held: Server[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(
      held.splice(0).map((server) => new Promise<void>((done) => server.close(() => done()))),
    );
  };
  try {
    for (const place of placesOf(config)) {
      if (place.port !== 0) held.push(await reserve(place));
    }
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

async function reserve(place: Place): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host: place.host, port: place.port });
  await once(server, 'listening').catch((error: unknown) => {
    throw cannotListen(place, error);
  });
  return server;
}

async function listenOn(app: App, place: Place): Promise<string> {
  // Fastify logs a line for each address; what a server says about its start is in announce.ts.
  const { level } = app.log;
  app.log.level = 'silent';
  try {
    await app.listen({ host: place.host, port: place.port });
  } catch (error) {
    throw cannotListen(place, error);
  } finally {
    app.log.level = level;
  }
  return urlOf(app.server.address(), app.server instanceof TlsServer ? 'https' : 'http');
}

function cannotListen({ host, port, settings }: Place, cause: unknown): ConfigError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const advice = ADVICE[String(code)]?.(settings) ?? `Check ${settings.host} and ${settings.port}`;
  return new ConfigError(
    `Cannot listen on ${host}:${port} (${String(code ?? cause)}). ${advice}.`,
    {
      cause,
    },
  );
}

const ADVICE: Readonly<Record<string, (names: Place['settings']) => string>> = {
  EADDRINUSE: ({ port }) =>
    `Another program uses the port: set ${port} to a free one, or stop that program`,
  EACCES: ({ port }) => `Your account may not use the port: set ${port} to one above 1023`,
  EADDRNOTAVAIL: ({ host }) => `This machine has no such address: set ${host} to one that it has`,
  ENOTFOUND: ({ host }) => `The name is unknown: set ${host} to an address of this machine`,
};

function urlOf(address: AddressInfo | string | null, scheme: string): string {
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${scheme}://${host}:${address.port}`;
}

const isLoopbackAddress = networkTest(['127.0.0.0/8', '::1/128']);

/** What these settings open to the network that they should not, each as a sentence. */
export function exposures(config: Config): string[] {
  const { host, tls, trustedProxies, metricsHost, metricsPort } = config;
  const found: string[] = [];
  if (!isLoopback(host) && tls === undefined && trustedProxies.length === 0) {
    found.push(
      `HOST is ${host}: keys and passwords cross the network unencrypted. Set TOCSIN_TLS_CERT and ` +
        'TOCSIN_TLS_KEY, or put a proxy with TLS in front and list it in TOCSIN_TRUSTED_PROXIES',
    );
  }
  if (metricsPort !== undefined && !isLoopback(metricsHost)) {
    found.push(
      `TOCSIN_METRICS_HOST is ${metricsHost}: /metrics asks for no key there. Make sure that only ` +
        'your monitoring reaches it',
    );
  }
  return found;
}

function isLoopback(host: string): boolean {
  return isIP(host) === 0 ? host === 'localhost' : isLoopbackAddress(host);
}
