/** Receivers of webhooks that answer at first, and then, all at once, break down in three ways. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './endings.ts';

const DRIP_MS = 1000;

export interface BrokenReceivers {
  readonly urls: readonly string[];
  breakDown(): void;
  /** Requests since they broke down. */
  hits(): number;
  stop(): Promise<void>;
}

/** Each way to break down has a third of the receivers. */
const FAULTS: readonly ((response: ServerResponse) => void)[] = [
  (response) => void response.socket?.destroy(),
  drip,
  () => undefined,
];

/** Starts receivers, each on a port of its own. */
export async function startBrokenReceivers(count: number): Promise<BrokenReceivers> {
  let isBroken = false;
  let hits = 0;
  const listener =
    (receiver: number): RequestListener =>
    (request, response) => {
      request.resume();
      if (!isBroken) {
        request.once('end', () => response.writeHead(204).end());
        return;
      }
      hits += 1;
      FAULTS[receiver % FAULTS.length]?.(response);
    };
  const servers = Array.from({ length: count }, (_, i) =>
    createServer(listener(i)).listen(0, '127.0.0.1'),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const stop = atEnd(() => closeAll(servers));
  return {
    urls: servers.map(
      (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    ),
    breakDown: () => {
      isBroken = true;
    },
    hits: () => hits,
    stop: async () => stop(),
  };
}

/** A head at once, then one byte of the body a second. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(() => response.write('.'), DRIP_MS);
  response.once('close', () => clearInterval(timer));
}

function closeAll(servers: readonly Server[]): void {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
}
