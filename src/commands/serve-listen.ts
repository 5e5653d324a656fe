/** Where a server listens: its doors, with TLS of its own or without, and /metrics on a port of its own. */
import { Server as TlsServer } from 'node:https';
import { isIP, type AddressInfo } from 'node:net';
import { ConfigError, type Config } from '../config.ts';
import { createApp, createMetricsApp } from '../http/app.ts';
import type { Services } from '../http/context.ts';
import { networkTest } from '../organisations/networks.ts';
import type { Log } from '../telemetry.ts';
import { watchCertificate } from './certificate.ts';
import { closeAll, type Part } from './closing.ts';

type App = Awaited<ReturnType<typeof createApp>>;

export interface Listeners extends Part {
  /** Throws ConfigError when an address cannot be listened on. */
  listen(): Promise<{ readonly url: string; readonly metricsUrl: string | undefined }>;
}

/** Makes the HTTP servers of this process; none listens yet. Throws ConfigError for a bad certificate. */
export async function createListeners(
  services: Services,
  config: Config,
  log: Log,
): Promise<Listeners> {
  const certificate = config.tls && (await watchCertificate(config.tls, log));
  const app = await createApp(services, certificate);
  const { metricsHost, metricsPort } = config;
  const metricsApp = metricsPort === undefined ? undefined : await createMetricsApp(services);
  return {
    listen: async () => {
      for (const exposure of exposures(config)) log.warn(exposure);
      const url = await listenOn(app, config, 'HOST and PORT');
      const metricsUrl =
        metricsApp &&
        (await listenOn(
          metricsApp,
          { host: metricsHost, port: metricsPort ?? 0 },
          'TOCSIN_METRICS_HOST and TOCSIN_METRICS_PORT',
        ));
      return { url, metricsUrl };
    },
    close: async () => {
      const servers = [app, metricsApp].filter((server) => server !== undefined);
      await closeAll(servers, certificate === undefined ? [] : [certificate]);
    },
  };
}

async function listenOn(
  app: App,
  { host, port }: Pick<Config, 'host' | 'port'>,
  settings: string,
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`Cannot listen on ${settings}: ${why}`, { cause });
  }
  return urlOf(app.server.address(), app.server instanceof TlsServer ? 'https' : 'http');
}

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
