/** Keep-alive connections, a pool an origin: a slow host fills its own pool and nobody else's. */
import { Pool } from 'undici';
import type { Connector } from './connect.ts';

/** How many connections and origins are kept, and how long. */
export interface PoolLimits {
  /** Origins with a pool; past it, the one used least recently loses its own. */
  poolsMax: number;
  connectionsPerPoolMax: number;
  idleMs: number;
  /** An older connection is replaced, so that a receiver can move to another address. */
  connectionAgeMsMax: number;
  responseHeaderBytesMax: number;
}

export interface Pools {
  /** @param origin as of `URL.origin` */
  take(origin: string): Pool;
  /** Ends at once whatever is under way; resolves when every connection is closed. */
  close(): Promise<void>;
}

export function createPools(connector: Connector, limits: PoolLimits): Pools {
  const pools = new Map<string, Pool>();
  const retiring = new Set<Pool>();
  const options = {
    connect: connector.connect,
    connections: limits.connectionsPerPoolMax,
    clientTtl: limits.connectionAgeMsMax,
    keepAliveTimeout: limits.idleMs,
    keepAliveMaxTimeout: limits.idleMs,
    maxHeaderSize: limits.responseHeaderBytesMax,
    // Each request has one deadline of its own for all of its stages.
    headersTimeout: 0,
    bodyTimeout: 0,
  };

  function evictOldest(): void {
    const oldest = pools.entries().next().value;
    if (oldest === undefined) return;
    const [origin, pool] = oldest;
    pools.delete(origin);
    retiring.add(pool);
    // Lets its requests end first; a pool that was destroyed meanwhile rejects, and is gone as well.
    const forget = () => retiring.delete(pool);
    pool.close().then(forget, forget);
  }

  return {
    take(origin) {
      const known = pools.get(origin);
      if (known === undefined && pools.size >= limits.poolsMax) evictOldest();
      const pool = known ?? new Pool(origin, options);
      // A map keeps the order of insertion: whoever is asked for goes to its end.
      pools.delete(origin);
      pools.set(origin, pool);
      return pool;
    },
    async close() {
      const open = [...pools.values(), ...retiring];
      pools.clear();
      connector.cancel();
      await Promise.allSettled(open.map((pool) => pool.destroy()));
    },
  };
}
