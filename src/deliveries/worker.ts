import { randomUUID } from 'node:crypto';
import type { LogGrowth } from '../log/growth.ts';
import {
  heartbeat,
  leaseSubscriptions,
  releaseLeases,
  type Leased,
} from '../store/deliveries/leases.ts';
import { skipTo } from '../store/deliveries/attempts.ts';
import { findLogBounds } from '../log/bounds.ts';
import { createSharedContents } from './contents.ts';
import { deliver, type DeliveryContext } from './deliver.ts';

export interface Worker {
  readonly id: string;
  /** The log has grown, or a subscription was made or changed: look now. */
  nudge(): void;
  /** Content was purged: forget everything that was read. */
  forget(): void;
  /** How many rows each subscription of this worker has not read yet. */
  lags(): Map<string, number>;
  /** Lets deliveries under way end, then gives the leases back. */
  close(): Promise<void>;
}

export interface WorkerOptions extends Omit<DeliveryContext, 'workerId' | 'contents' | 'random'> {
  readonly growth: LogGrowth;
  readonly leaseSeconds: number;
  /** Deliveries under way at once, at most. */
  readonly deliveriesMax: number;
}

/** A subscription that this worker holds. At most one batch of it is in flight. */
interface Lease {
  readonly id: string;
  cursor: number;
  /** What the database has as its cursor. */
  saved: number;
  /** How often its owner had set the cursor. */
  moves: number;
  waitUntilMs: number;
  /** Until when it is known to be ours, by the clock that no one sets. */
  heldUntilMs: number;
  running: boolean;
  /** Whether its last step took long. */
  slow: boolean;
}

const LOOK_MS = 1000;
/** A step that takes longer makes its lease a slow one; slow leases share half of the places. */
const SLOW_MS = 1000;
/** A lease that read on without sending saves its place after so many rows. */
const SAVE_AFTER_ROWS = 10_000;

/**
 * Delivers for its share of the subscriptions: it leases them, renews the leases while it lives,
 * and runs each one whose cursor is behind the log, a bounded number at once, so that a slow
 * receiver holds up nobody but itself.
 */
export function startWorker(options: WorkerOptions): Worker {
  const worker = new DeliveryWorker(options);
  worker.start();
  return worker;
}

class DeliveryWorker implements Worker {
  readonly id = randomUUID();
  readonly #options: WorkerOptions;
  readonly #context: DeliveryContext;
  readonly #leases = new Map<string, Lease>();
  readonly #running = new Set<Promise<void>>();
  #slowRunning = 0;
  readonly #stopping = new AbortController();
  #head = 0;
  #leasing: Promise<void> | undefined;
  #leaseAgain = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const own = { workerId: this.id, contents: createSharedContents(), random: Math.random };
    this.#context = { ...options, ...own };
  }

  start(): void {
    this.#timer = setInterval(() => this.nudge(), LOOK_MS);
    this.nudge();
    void this.#follow();
  }

  nudge(): void {
    this.#leaseAgain = true;
    this.#leasing ??= this.#lease();
  }

  forget(): void {
    this.#context.contents.forget();
  }

  lags(): Map<string, number> {
    const leases = [...this.#leases.values()];
    return new Map(leases.map(({ id, cursor }) => [id, Math.max(0, this.#head - cursor)]));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#leasing;
    await Promise.all(this.#running);
    try {
      for (const lease of this.#leases.values()) await this.#save(lease);
    } finally {
      await releaseLeases(this.#options.db, this.id);
    }
  }

  /** Wakes with every growth of the log. */
  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#options.growth.waitPast(this.#head, LOOK_MS, signal);
      if (signal.aborted) return;
      try {
        this.#head = (await findLogBounds(this.#options.db)).head;
        this.#runAll();
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'the end of the log could not be read');
      }
    }
  }

  async #lease(): Promise<void> {
    const { db, leaseSeconds, logger } = this.#options;
    while (this.#leaseAgain && !this.#stopping.signal.aborted) {
      this.#leaseAgain = false;
      try {
        const workers = await heartbeat(db, this.id, leaseSeconds);
        const askedMs = performance.now();
        const leased = await leaseSubscriptions(db, this.id, { seconds: leaseSeconds, workers });
        this.#hold(leased, askedMs);
        this.#runAll();
      } catch (error) {
        logger.warn({ err: error }, 'subscriptions could not be leased');
      }
    }
    this.#leasing = undefined;
  }

  /** Takes up what is new among its leases and drops what it does not hold any more. */
  #hold(leased: readonly Leased[], askedMs: number): void {
    const held = new Set(leased.map(({ id }) => id));
    for (const id of this.#leases.keys()) if (!held.has(id)) this.#leases.delete(id);
    for (const { id, cursor, moves, nextAttemptMs, leaseMs } of leased) {
      const heldUntilMs = askedMs + leaseMs;
      const lease = this.#leases.get(id);
      if (lease !== undefined) lease.heldUntilMs = heldUntilMs;
      if (lease === undefined) {
        const fresh = { id, cursor, saved: cursor, moves, waitUntilMs: nextAttemptMs };
        this.#leases.set(id, { ...fresh, heldUntilMs, running: false, slow: false });
      } else if (!lease.running && hasChanged(lease, { cursor, moves, nextAttemptMs })) {
        // Its owner moved it: replayed, or told to try again now.
        Object.assign(lease, { cursor, saved: cursor, moves, waitUntilMs: nextAttemptMs });
      }
    }
  }

  #runAll(): void {
    const nowMs = this.#options.clock.now().getTime();
    for (const lease of this.#leases.values()) {
      if (this.#running.size >= this.#options.deliveriesMax) return;
      const due = lease.cursor < this.#head && lease.waitUntilMs <= nowMs;
      if (lease.running || !due || this.#stopping.signal.aborted) continue;
      if (lease.slow && this.#slowRunning >= this.#options.deliveriesMax / 2) continue;
      this.#begin(lease);
    }
  }

  #begin(lease: Lease): void {
    const startMs = performance.now();
    const slow = lease.slow ? 1 : 0;
    lease.running = true;
    this.#slowRunning += slow;
    const run = this.#run(lease).finally(() => {
      lease.running = false;
      lease.slow = performance.now() - startMs > SLOW_MS;
      this.#slowRunning -= slow;
      this.#running.delete(run);
      // A place became free: the next waiter continues.
      this.#runAll();
    });
    this.#running.add(run);
  }

  /** One step of a lease; a lease that has more takes its turn again behind the others. */
  async #run(lease: Lease): Promise<void> {
    try {
      const step = await deliver(this.#context, {
        subscriptionId: lease.id,
        cursor: lease.cursor,
        moves: lease.moves,
        head: this.#head,
        isHeld: () => performance.now() < lease.heldUntilMs,
      });
      if (step.kind === 'lost') this.#leases.delete(lease.id);
      else if (step.kind === 'wait') lease.waitUntilMs = step.untilMs;
      else {
        lease.cursor = step.cursor;
        if (step.sent) lease.saved = step.cursor;
        else if (lease.cursor - lease.saved > SAVE_AFTER_ROWS) await this.#save(lease);
        // Behind the others in the round: nobody waits for one that is catching up.
        if (this.#leases.delete(lease.id)) this.#leases.set(lease.id, lease);
      }
    } catch (error) {
      lease.waitUntilMs = this.#options.clock.now().getTime() + LOOK_MS;
      this.#options.logger.error({ err: error, subscriptionId: lease.id }, 'delivery step failed');
    }
  }

  async #save(lease: Lease): Promise<void> {
    if (lease.cursor === lease.saved) return;
    const { id, saved, moves } = lease;
    if (await skipTo(this.#options.db, this.id, { id, cursor: saved, moves }, lease.cursor)) {
      lease.saved = lease.cursor;
    }
  }
}

/** Whether the subscription was moved, or is to be tried earlier, than this worker knows. */
function hasChanged(
  { saved, moves, waitUntilMs }: Lease,
  now: Pick<Leased, 'cursor' | 'moves' | 'nextAttemptMs'>,
): boolean {
  return now.cursor !== saved || now.moves !== moves || now.nextAttemptMs < waitUntilMs;
}
