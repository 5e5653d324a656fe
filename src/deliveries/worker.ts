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
  /** Content was taken away for good: keep nothing of what was read. */
  forget(): void;
  /** How many rows each subscription of this worker has not read yet. */
  lags(): Map<string, number>;
  /** Lets deliveries under way end, then gives the leases back. */
  close(): Promise<void>;
}

export interface WorkerOptions extends Omit<DeliveryContext, 'workerId' | 'contents'> {
  readonly growth: LogGrowth;
  readonly leaseSeconds: number;
  /** Deliveries under way at once, at most. */
  readonly deliveriesMax: number;
}

/** A subscription that this worker holds. At most one batch of it is in flight. */
interface Lane {
  readonly id: string;
  cursor: number;
  /** What the database has as its cursor. */
  saved: number;
  waitUntilMs: number;
  /** Until when it is known to be ours, by the clock that no one sets. */
  heldUntilMs: number;
  running: boolean;
  /** Whether its last step took long. */
  slow: boolean;
}

const LOOK_MS = 1000;
/** A step that takes longer makes its lane a slow one; slow lanes share half of the places. */
const SLOW_MS = 1000;
/** A lane that read on without sending saves its place after so many rows. */
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
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<Promise<void>>();
  #slowRunning = 0;
  readonly #stopping = new AbortController();
  #head = 0;
  #leasing: Promise<void> | undefined;
  #leaseAgain = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#context = { ...options, workerId: this.id, contents: createSharedContents() };
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
    const lanes = [...this.#lanes.values()];
    return new Map(lanes.map(({ id, cursor }) => [id, Math.max(0, this.#head - cursor)]));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#leasing;
    await Promise.all(this.#running);
    try {
      for (const lane of this.#lanes.values()) await this.#save(lane);
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
        this.#options.log.warn({ err: error }, 'the end of the log could not be read');
      }
    }
  }

  async #lease(): Promise<void> {
    const { db, leaseSeconds, log } = this.#options;
    while (this.#leaseAgain && !this.#stopping.signal.aborted) {
      this.#leaseAgain = false;
      try {
        const workers = await heartbeat(db, this.id, leaseSeconds);
        const askedMs = performance.now();
        const leased = await leaseSubscriptions(db, this.id, { seconds: leaseSeconds, workers });
        this.#hold(leased, askedMs);
        this.#runAll();
      } catch (error) {
        log.warn({ err: error }, 'subscriptions could not be leased');
      }
    }
    this.#leasing = undefined;
  }

  /** Takes up what is new among its leases and drops what it does not hold any more. */
  #hold(leased: readonly Leased[], askedMs: number): void {
    const held = new Set(leased.map(({ id }) => id));
    for (const id of this.#lanes.keys()) if (!held.has(id)) this.#lanes.delete(id);
    for (const { id, cursor, nextAttemptMs, leaseMs } of leased) {
      const heldUntilMs = askedMs + leaseMs;
      const lane = this.#lanes.get(id);
      if (lane !== undefined) lane.heldUntilMs = heldUntilMs;
      if (lane === undefined) {
        const fresh = { id, cursor, saved: cursor, waitUntilMs: nextAttemptMs, heldUntilMs };
        this.#lanes.set(id, { ...fresh, running: false, slow: false });
      } else if (!lane.running && (cursor !== lane.saved || nextAttemptMs < lane.waitUntilMs)) {
        // Its owner moved it: replayed, or told to try again now.
        Object.assign(lane, { cursor, saved: cursor, waitUntilMs: nextAttemptMs });
      }
    }
  }

  #runAll(): void {
    const nowMs = this.#options.clock.now().getTime();
    for (const lane of this.#lanes.values()) {
      if (this.#running.size >= this.#options.deliveriesMax) return;
      const due = lane.cursor < this.#head && lane.waitUntilMs <= nowMs;
      if (lane.running || !due || this.#stopping.signal.aborted) continue;
      if (lane.slow && this.#slowRunning >= this.#options.deliveriesMax / 2) continue;
      this.#begin(lane);
    }
  }

  #begin(lane: Lane): void {
    const startMs = performance.now();
    const slow = lane.slow ? 1 : 0;
    lane.running = true;
    this.#slowRunning += slow;
    const run = this.#run(lane).finally(() => {
      lane.running = false;
      lane.slow = performance.now() - startMs > SLOW_MS;
      this.#slowRunning -= slow;
      this.#running.delete(run);
      // A place came free: whoever waited for one goes on.
      this.#runAll();
    });
    this.#running.add(run);
  }

  /** One step of a lane; a lane that has more takes its turn again behind the others. */
  async #run(lane: Lane): Promise<void> {
    try {
      const step = await deliver(this.#context, {
        subscriptionId: lane.id,
        cursor: lane.cursor,
        head: this.#head,
        isHeld: () => performance.now() < lane.heldUntilMs,
      });
      if (step.kind === 'lost') this.#lanes.delete(lane.id);
      else if (step.kind === 'wait') lane.waitUntilMs = step.untilMs;
      else {
        lane.cursor = step.cursor;
        if (step.sent) lane.saved = step.cursor;
        else if (lane.cursor - lane.saved > SAVE_AFTER_ROWS) await this.#save(lane);
        // Behind the others in the round: nobody waits for one that is catching up.
        if (this.#lanes.delete(lane.id)) this.#lanes.set(lane.id, lane);
      }
    } catch (error) {
      lane.waitUntilMs = this.#options.clock.now().getTime() + LOOK_MS;
      this.#options.log.error({ err: error, subscriptionId: lane.id }, 'delivery step failed');
    }
  }

  async #save(lane: Lane): Promise<void> {
    if (lane.cursor === lane.saved) return;
    if (await skipTo(this.#options.db, this.id, lane.id, lane.saved, lane.cursor)) {
      lane.saved = lane.cursor;
    }
  }
}
