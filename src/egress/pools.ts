/**
 * Keep-alive connections, a pool an origin: a slow host fills its own pool and nobody else's.
 *
 * Not undici's Pool: after an aborted request it opens a connection that nobody uses and never closes it
 * (https://github.com/nodejs/undici/issues/5845; once that is fixed, this file may go). Here a
 * connection whose exchange did not end well is destroyed together with its client, even while it is being opened.
 */
import { Client } from 'undici';
import { createConnector } from './connect.ts';
import { EgressError } from './failure.ts';
import type { Policy } from './policy.ts';

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

/** One connection (kept, or opened when first used), for one exchange at a time. */
export interface Lane {
  readonly client: Client;
  /** To be called before each request. */
  expectAnswer(): void;
  /** Whether it has led to a range that the operator opened. */
  isInside(): boolean;
  /** Gives the lane back for the next exchange. */
  release(): void;
  /** Cuts the connection, in whatever state it is. */
  destroy(error: Error): void;
}

/** Somebody who wants a lane; exactly one of the two is called, once. */
export interface Waiter {
  begin(lane: Lane): void;
  fail(error: Error): void;
}

/** The lanes to one origin. */
export interface Pool {
  /** Begins at once where a lane is free or may be opened, else when one is given back. */
  enter(waiter: Waiter): void;
  /** For a waiter that has not begun and will wait no longer. */
  leave(waiter: Waiter): void;
}

export class Pools {
  readonly #policy: Policy;
  readonly #limits: PoolLimits;
  readonly #pools = new Map<string, OriginPool>();
  readonly #lanes = new Set<Lane>();
  readonly #endings = new Set<Promise<void>>();
  #isClosed = false;

  constructor(policy: Policy, limits: PoolLimits) {
    this.#policy = policy;
    this.#limits = limits;
  }

  /** @param origin as of `URL.origin` */
  of(origin: string): Pool {
    const pool = this.#pools.get(origin) ?? this.#createPool(origin);
    // A map keeps the order of insertion: the entry that is asked for moves to its end.
    this.#pools.delete(origin);
    this.#pools.set(origin, pool);
    const [oldest] = this.#pools;
    if (this.#pools.size > this.#limits.poolsMax && oldest !== undefined) {
      this.#pools.delete(oldest[0]);
      oldest[1].retire();
    }
    return pool;
  }

  /** Ends at once whatever is under way; resolves when every connection is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const lane of this.#lanes) lane.destroy(stopping());
    await Promise.all(this.#endings);
  }

  #createPool(origin: string): OriginPool {
    const pool: OriginPool = new OriginPool(this.#limits.connectionsPerPoolMax, () =>
      this.#isClosed ? undefined : this.#openLane(origin, pool),
    );
    return pool;
  }

  #openLane(origin: string, pool: OriginPool): Lane {
    const { connect, cancel, expectAnswer, isInside } = createConnector(this.#policy);
    const { idleMs, connectionAgeMsMax, responseHeaderBytesMax } = this.#limits;
    const client = new Client(origin, {
      connect,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      maxHeaderSize: responseHeaderBytesMax,
      // Each request has one deadline of its own for all of its stages.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const retireAtMs = performance.now() + connectionAgeMsMax;
    const lane: Lane = {
      client,
      expectAnswer,
      isInside,
      release: () => {
        if (performance.now() < retireAtMs) pool.takeBack(lane);
        else lane.destroy(stopping());
      },
      destroy: (error) => {
        if (!this.#lanes.delete(lane)) return;
        cancel(error);
        this.#end(client, error);
        pool.lose(lane);
      },
    };
    client.on('disconnect', () => {
      if (pool.isIdle(lane)) lane.destroy(stopping());
    });
    this.#lanes.add(lane);
    return lane;
  }

  #end(client: Client, error: Error): void {
    const ending = client.destroy(error).finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }
}

class OriginPool implements Pool {
  readonly #lanesMax: number;
  readonly #open: () => Lane | undefined;
  readonly #idle: Lane[] = [];
  readonly #waiting = new Set<Waiter>();
  #lanes = 0;
  #isRetired = false;

  constructor(lanesMax: number, open: () => Lane | undefined) {
    this.#lanesMax = lanesMax;
    this.#open = open;
  }

  enter(waiter: Waiter): void {
    this.#waiting.add(waiter);
    this.#serve();
  }

  leave(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  retire(): void {
    this.#isRetired = true;
    for (const lane of this.#idle.slice()) lane.destroy(stopping());
  }

  isIdle(lane: Lane): boolean {
    return this.#idle.includes(lane);
  }

  takeBack(lane: Lane): void {
    this.#idle.push(lane);
    this.#serve();
    if (this.#isRetired && this.isIdle(lane)) lane.destroy(stopping());
  }

  lose(lane: Lane): void {
    this.#lanes -= 1;
    if (this.isIdle(lane)) this.#idle.splice(this.#idle.indexOf(lane), 1);
    this.#serve();
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      if (this.#idle.length === 0 && this.#lanes >= this.#lanesMax) return;
      this.#waiting.delete(waiter);
      this.#begin(waiter);
    }
  }

  #begin(waiter: Waiter): void {
    // The one used last: the others can grow idle and be closed.
    const idle = this.#idle.pop();
    if (idle !== undefined) return waiter.begin(idle);
    const lane = this.#open();
    if (lane === undefined) return waiter.fail(stopping());
    this.#lanes += 1;
    waiter.begin(lane);
  }
}

function stopping(): EgressError {
  return new EgressError('egress_closed', 'The server is stopping');
}
