import { randomUUID } from 'node:crypto';
import type { LogGrowth } from '../log/growth.ts';
import { RoundRobin } from '../concurrency/round-robin.ts';
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
import { rememberEndpoints } from './endpoints.ts';
import { dueIn, isFull, newLease, renewLease, type Lease } from './lease.ts';
import { startRounds } from './rounds.ts';

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

export interface WorkerOptions extends Omit<
  DeliveryContext,
  'workerId' | 'contents' | 'endpoints' | 'changesHeard' | 'random'
> {
  readonly growth: LogGrowth;
  readonly leaseSeconds: number;
  /** Deliveries of whole batches under way at once, at most; of what is near the end of the log, several times as many. */
  readonly deliveriesMax: number;
}

const LOOK_MS = 1000;
/** A step that takes longer makes its lease a slow one; slow leases share half of the deliveries under way. */
const SLOW_MS = 1000;
/** What is near the end of the log is small: so many times as many deliveries of it may be under way. */
const NEAR_FACTOR = 4;
/** A lease that read on without sending saves its place after so many rows. */
const SAVE_AFTER_ROWS = 10_000;

/**
 * Delivers for its share of the subscriptions: it leases them, renews the leases while it lives, and runs those
 * that are behind the log in rounds, a bounded number at once. Organisations take turns, so that one with many
 * subscriptions does not hold up the others. A round waits for nobody: a slow receiver misses the next ones.
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
  /** Those that are to run, by organisation. */
  readonly #queue = new RoundRobin<Lease>();
  readonly #rounds = startRounds(() => this.#round());
  readonly #running = new Set<Promise<void>>();
  #slowRunning = 0;
  #fullRunning = 0;
  readonly #stopping = new AbortController();
  #head = 0;
  #changesHeard = 0;
  #unwatch: () => void = () => undefined;
  #leasing: Promise<void> | undefined;
  #leaseAgain = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#context = {
      ...options,
      workerId: this.id,
      contents: createSharedContents(),
      endpoints: rememberEndpoints(options.keyring),
      changesHeard: () => this.#changesHeard,
      random: Math.random,
    };
  }

  start(): void {
    // Woken when what organisations may see has changed, or may have.
    this.#unwatch = this.#options.growth.watch((woken) => {
      if (woken) this.#changesHeard++;
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
    void this.#follow();
  }

  nudge(): void {
    this.#changesHeard++;
    this.#look();
  }

  #look(): void {
    this.#leaseAgain = true;
    this.#leasing ??= this.#lease();
  }

  forget(): void {
    this.#changesHeard++;
    this.#context.contents.forget();
  }

  lags(): Map<string, number> {
    const leases = [...this.#leases.values()];
    return new Map(leases.map(({ id, cursor }) => [id, Math.max(0, this.#head - cursor)]));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#unwatch();
    this.#stopping.abort();
    this.#rounds.stop();
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
        this.#rounds.request();
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
        this.#rounds.request();
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
    for (const one of leased) {
      const lease = this.#leases.get(one.id);
      if (lease === undefined) this.#leases.set(one.id, newLease(one, askedMs));
      else renewLease(lease, one, askedMs);
    }
  }

  /** Puts every lease that is due into the queue, and runs as many as may. */
  #round(): boolean {
    const moment = this.#moment();
    let nextMs = Infinity;
    for (const lease of this.#leases.values()) {
      const ms = dueIn(lease, moment);
      if (ms === 0) this.#enqueue(lease);
      else if (ms !== undefined) nextMs = Math.min(nextMs, ms);
    }
    if (nextMs < Infinity) this.#rounds.requestIn(nextMs);
    return this.#fill();
  }

  #moment() {
    const clockMs = this.#options.clock.now().getTime();
    return { head: this.#head, clockMs, nowMs: performance.now() };
  }

  #enqueue(lease: Lease): void {
    if (lease.queued) return;
    lease.queued = true;
    this.#queue.push(String(lease.organisationId), lease);
  }

  /** Begins with those in the queue, as far as there is room. Returns whether there were any. */
  #fill(): boolean {
    const moment = this.#moment();
    const passedOver: Lease[] = [];
    const begun: Promise<void>[] = [];
    while (this.#running.size < this.#options.deliveriesMax * NEAR_FACTOR) {
      const lease = this.#queue.shift();
      if (lease === undefined || this.#stopping.signal.aborted) break;
      lease.queued = false;
      if (this.#leases.get(lease.id) !== lease || dueIn(lease, moment) !== 0) continue;
      if (this.#hasNoRoomFor(lease, moment.head)) {
        passedOver.push(lease);
        continue;
      }
      const read = this.#begin(lease);
      // A whole batch takes long to read, and waits for no round.
      if (!isFull(lease, moment.head)) begun.push(read);
    }
    for (const lease of passedOver) this.#enqueue(lease);
    if (begun.length === 0) return false;
    void Promise.all(begun).then(() => this.#rounds.took(performance.now() - moment.nowMs));
    return true;
  }

  #hasNoRoomFor(lease: Lease, head: number): boolean {
    const { deliveriesMax } = this.#options;
    if (lease.slow && this.#slowRunning >= deliveriesMax / 2) return true;
    return isFull(lease, head) && this.#fullRunning >= deliveriesMax;
  }

  /** Resolves when everything for it was read. */
  #begin(lease: Lease): Promise<void> {
    const { promise: read, resolve: onRead } = Promise.withResolvers<void>();
    const startMs = performance.now();
    const slow = lease.slow ? 1 : 0;
    const full = isFull(lease, this.#head) ? 1 : 0;
    lease.running = true;
    lease.behindSinceMs = undefined;
    this.#slowRunning += slow;
    this.#fullRunning += full;
    const run = this.#run(lease, onRead).finally(() => {
      onRead();
      lease.running = false;
      lease.slow = performance.now() - startMs > SLOW_MS;
      this.#slowRunning -= slow;
      this.#fullRunning -= full;
      this.#running.delete(run);
      this.#goOn(lease);
    });
    this.#running.add(run);
    return read;
  }

  /** One that catches up continues behind the others in the queue; one near the end of the log waits for the next round. */
  #goOn(lease: Lease): void {
    if (this.#leases.get(lease.id) === lease && lease.cursor < this.#head) {
      if (isFull(lease, this.#head)) this.#enqueue(lease);
      else this.#rounds.request();
    }
    this.#fill();
  }

  async #run(lease: Lease, onRead: () => void): Promise<void> {
    try {
      const step = await deliver(this.#context, {
        subscriptionId: lease.id,
        cursor: lease.cursor,
        revision: lease.revision,
        head: this.#head,
        onRead,
        isHeld: () => performance.now() < lease.heldUntilMs,
      });
      if (step.kind === 'lost' || step.kind === 'changed') this.#lose(lease, step.kind);
      else if (step.kind === 'wait') lease.waitUntilMs = step.untilMs;
      else {
        lease.cursor = step.cursor;
        if (step.sent) lease.saved = step.cursor;
        else if (lease.cursor - lease.saved > SAVE_AFTER_ROWS) await this.#save(lease);
      }
    } catch (error) {
      lease.waitUntilMs = this.#options.clock.now().getTime() + LOOK_MS;
      this.#options.logger.error({ err: error, subscriptionId: lease.id }, 'delivery step failed');
    }
  }

  /** Looks again: one that is not lost is leased again, and one that was changed is renewed. */
  #lose(lease: Lease, kind: 'lost' | 'changed'): void {
    if (kind === 'lost') this.#leases.delete(lease.id);
    else lease.waitUntilMs = this.#options.clock.now().getTime() + LOOK_MS;
    this.#look();
  }

  async #save(lease: Lease): Promise<void> {
    if (lease.cursor === lease.saved) return;
    const { id, saved, revision } = lease;
    if (await skipTo(this.#options.db, this.id, { id, cursor: saved, revision }, lease.cursor)) {
      lease.saved = lease.cursor;
    }
  }
}
