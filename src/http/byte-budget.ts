/**
 * One budget of memory for everything that a process reads and answers at a time. A request takes
 * from it as its bytes arrive and returns all of it when it is over. What does not fit waits, and
 * fails after a while, so that load turns into 503 answers and not into a dead process.
 */
import type { BudgetLimits } from '../limits.ts';
import { Problem } from '../errors.ts';

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
  /** Opens an account for something whose size shows only as it goes on. */
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
  private readonly byOwner = new Map<number | undefined, number>();
  /** By ticket. */
  private readonly waiters: Waiter[] = [];
  private tickets = 0;

  constructor(limits: BudgetLimits) {
    this.limits = limits;
  }

  enter(owner: number | undefined): Holder {
    return { owner, ticket: this.tickets++, held: 0, waitedMs: 0, closed: false };
  }

  /** A holder never counts for more than its whole share, so that what is alone always goes on. */
  async take(
    holder: Holder,
    wanted: number,
    options: Pick<Acquisition, 'waitMs' | 'signal'>,
  ): Promise<void> {
    const { total, perOrganisation } = this.limits;
    const bytes = Math.min(wanted, Math.min(total, perOrganisation) - holder.held);
    if (holder.closed || bytes <= 0) return;
    if (this.fits(holder, bytes) && !this.isBehind(holder)) this.add(holder, bytes);
    else await this.waitInAll(holder, bytes, options);
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

  private fits(holder: Holder, bytes: number): boolean {
    return this.total + bytes <= this.limits.total && !this.exceedsShare(holder, bytes);
  }

  /**
   * Whether somebody older waits for the same room. Who waits because its own organisation has used up
   * its share is in nobody else's way, nor are those of that organisation behind it.
   */
  private isBehind({ owner, ticket }: Holder): boolean {
    const full = new Set<number | undefined>();
    for (const { holder, bytes } of this.waiters) {
      if (holder.ticket > ticket) return false;
      if (holder.owner === owner) return true;
      if (full.has(holder.owner)) continue;
      if (!this.exceedsShare(holder, bytes)) return true;
      full.add(holder.owner);
    }
    return false;
  }

  private exceedsShare({ owner }: Holder, bytes: number): boolean {
    return (this.byOwner.get(owner) ?? 0) + bytes > this.limits.perOrganisation;
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

  /**
   * Lets go on who fits, in their order. One that the process has no room for holds up those behind
   * it, else small ones would pass a large one for ever; one whose organisation has used up its
   * share holds up nobody else's.
   */
  private serve(): void {
    const full = new Set<number | undefined>();
    for (const waiter of this.waiters.slice()) {
      const { holder, bytes } = waiter;
      if (full.has(holder.owner)) continue;
      if (this.fits(holder, bytes)) {
        this.add(holder, bytes);
        waiter.resume();
      } else if (this.exceedsShare(holder, bytes)) {
        full.add(holder.owner);
      } else return;
    }
  }

  private busy(holder: Holder, bytes: number): Problem {
    const whose = this.exceedsShare(holder, bytes) ? 'Your organisation has' : 'The server has';
    return new Problem(
      'server_busy',
      `${whose} too many bytes in requests and answers under way. Send fewer at a time, or try again later`,
      { extra: { retry_after: RETRY_AFTER_S } },
    );
  }
}

/** Nobody reads it: the request is over. */
function gone(): Problem {
  return new Problem('server_busy', 'The request ended while it waited');
}
