/**
 * One budget of memory for everything that a process reads and answers at a time. A request takes
 * from it as its bytes arrive and returns all of it at its end. What does not fit waits, and
 * fails after a while, so that load turns into 503 answers and not into a dead process.
 */
import type { BudgetLimits } from '../../limits.ts';
import { Problem } from '../../errors.ts';
import { isDivided, mayHold, type Division } from './division.ts';

/** Returns what was taken. Calling it again has no effect. */
export type Release = () => void;

export interface Acquisition {
  /** How long to wait for room; the budget's own limit unless given. */
  readonly waitMs?: number;
  /** Gives up the wait when it aborts. */
  readonly signal?: AbortSignal;
  /** Whose share it counts against. Requests without an organisation have one share in common. */
  readonly organisationId?: number | undefined;
}

/** What one request or answer holds. */
export interface ByteAccount {
  /** Takes more. Throws Problem server_busy when there is no room in time. */
  take(bytes: number, options?: Pick<Acquisition, 'waitMs' | 'signal'>): Promise<void>;
  /** Gives back a part. */
  give(bytes: number): void;
  /** Gives back all that it holds; nothing can be taken afterwards. */
  close: Release;
}

export interface ByteBudget {
  /** Takes bytes at once. Throws Problem server_busy when there is no room in time. */
  acquire(bytes: number, options?: Acquisition): Promise<Release>;
  /** Opens an account for something whose size is not known in advance. */
  open(organisationId?: number): ByteAccount;
  /** Bytes held at the moment. */
  inFlight(): number;
}

interface Holder {
  readonly owner: number | undefined;
  /** Older holders are served first: they are the nearest to giving back what they hold. */
  readonly ticket: number;
  held: number;
  /** How long it has waited in all, since it last held nothing. */
  waitedMs: number;
  closed: boolean;
}

interface Waiter {
  readonly holder: Holder;
  readonly bytes: number;
  readonly resume: (problem?: Problem) => void;
}

const RETRY_AFTER_S = 2;

/** The part of the budget that is reserved for organisations that hold little. */
const RESERVED = 1 / 8;
/** What a single request may hold where its organisation has no other, so that a large one passes. */
const ALONE = (1 - RESERVED) / 2;

export function createByteBudget(limits: BudgetLimits): ByteBudget {
  const ledger = new Ledger(limits);
  const open = (owner?: number): ByteAccount => {
    const holder = ledger.enter(owner);
    return {
      take: (bytes, options = {}) => ledger.take(holder, bytes, options),
      give: (bytes) => ledger.give(holder, bytes),
      close: () => ledger.leave(holder),
    };
  };
  return {
    acquire: async (bytes, { organisationId, ...options } = {}) => {
      const account = open(organisationId);
      await account.take(bytes, options);
      return account.close;
    },
    open,
    inFlight: () => ledger.total,
  };
}

class Ledger {
  total = 0;
  private readonly limits: BudgetLimits;
  private readonly division: Division;
  private readonly byOwner = new Map<number | undefined, number>();
  /** By ticket. */
  private readonly waiters: Waiter[] = [];
  private tickets = 0;

  constructor(limits: BudgetLimits) {
    this.limits = limits;
    this.division = { ...limits, reserve: limits.total * RESERVED };
  }

  enter(owner: number | undefined): Holder {
    return { owner, ticket: this.tickets++, held: 0, waitedMs: 0, closed: false };
  }

  /** A holder never counts for more than it could have, so that a single request always continues. */
  async take(
    holder: Holder,
    wanted: number,
    options: Pick<Acquisition, 'waitMs' | 'signal'>,
  ): Promise<void> {
    const bytes = Math.min(wanted, this.most() - holder.held);
    if (holder.closed || bytes <= 0) return;
    if (this.fits(holder, bytes) && !this.isBehind(holder)) this.add(holder, bytes);
    else await this.waitInAll(holder, bytes, options);
  }

  /** What one holder may have. */
  private most(): number {
    const { total, perOrganisation } = this.limits;
    return isDivided(this.limits) ? Math.max(perOrganisation, Math.floor(total * ALONE)) : total;
  }

  give(holder: Holder, bytes: number): void {
    this.add(holder, -Math.min(bytes, holder.held));
    if (holder.held === 0) holder.waitedMs = 0;
    this.serve();
  }

  leave(holder: Holder): void {
    holder.closed = true;
    for (const waiter of this.waiters.filter((one) => one.holder === holder)) waiter.resume(gone());
    this.give(holder, holder.held);
  }

  private fits({ owner, held: own }: Holder, bytes: number): boolean {
    const owned = this.byOwner.get(owner) ?? 0;
    const perOrganisation = owned === own ? this.most() : this.limits.perOrganisation;
    const held = owned + bytes;
    return mayHold({ ...this.division, perOrganisation }, { held, others: this.total - owned });
  }

  /** Whether somebody older waits for the same room. */
  private isBehind({ owner, ticket }: Holder): boolean {
    return this.waiters.some(
      ({ holder }) => holder.ticket <= ticket && (holder.owner === owner || this.isCommon()),
    );
  }

  /**
   * Whether one that waits holds up everybody behind it, else small ones would pass a large one for
   * ever. Where organisations have limits, it holds up its own organisation only.
   */
  private isCommon(): boolean {
    return !isDivided(this.limits);
  }

  private add(holder: Holder, bytes: number): void {
    holder.held += bytes;
    this.total += bytes;
    const owned = (this.byOwner.get(holder.owner) ?? 0) + bytes;
    if (owned === 0) this.byOwner.delete(holder.owner);
    else this.byOwner.set(holder.owner, owned);
  }

  /** One that gets a little at a time does not wait for longer than one that gets all at once. */
  private async waitInAll(
    holder: Holder,
    bytes: number,
    {
      waitMs = this.limits.waitMs - holder.waitedMs,
      signal,
    }: Pick<Acquisition, 'waitMs' | 'signal'>,
  ): Promise<void> {
    const start = performance.now();
    await this.wait(holder, bytes, {
      waitMs: Math.max(0, waitMs),
      ...(signal === undefined ? {} : { signal }),
    });
    holder.waitedMs += performance.now() - start;
  }

  private wait(
    holder: Holder,
    bytes: number,
    { waitMs, signal }: { waitMs: number; signal?: AbortSignal },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const onAbort = (): void => resume(gone());
      const resume = (problem?: Problem): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        if (problem === undefined) resolve();
        else reject(problem);
        // Behind the one that gave up there may be others for whom there is room.
        if (problem !== undefined) queueMicrotask(() => this.serve());
      };
      const waiter: Waiter = { holder, bytes, resume };
      const expire = (): void => resume(this.busy(holder, bytes));
      // Where all wait for one another the oldest waits twice as long: the others make room for it.
      const isOldest = !this.waiters.some((one) => one.holder.ticket < holder.ticket);
      timer = setTimeout(expire, isOldest && holder.held > 0 ? 2 * waitMs : waitMs);
      const behind = this.waiters.findIndex((one) => one.holder.ticket > holder.ticket);
      this.waiters.splice(behind < 0 ? this.waiters.length : behind, 0, waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
    });
  }

  /** Lets those continue that fit, in their order; of one organisation, none before an older one. */
  private serve(): void {
    const full = new Set<number | undefined>();
    for (const waiter of this.waiters.slice()) {
      const { holder, bytes } = waiter;
      if (full.has(holder.owner)) continue;
      if (this.fits(holder, bytes)) {
        this.add(holder, bytes);
        waiter.resume();
      } else if (this.isCommon()) return;
      else full.add(holder.owner);
    }
  }

  private busy(holder: Holder, bytes: number): Problem {
    const owned = this.byOwner.get(holder.owner) ?? 0;
    const [whose, setting] =
      owned + bytes > this.limits.perOrganisation
        ? ['Your organisation has', 'TOCSIN_BYTES_PER_ORGANISATION']
        : ['The server has', 'TOCSIN_BYTES_IN_FLIGHT'];
    return new Problem(
      'server_busy',
      `${whose} too many bytes in requests and answers in progress. Send fewer at a time, try again ` +
        `later, or ask the operator to raise ${setting}.`,
      { extra: { retry_after: RETRY_AFTER_S } },
    );
  }
}

/** Nobody reads it: the request has ended. */
function gone(): Problem {
  return new Problem('server_busy', 'The request ended while it waited');
}
