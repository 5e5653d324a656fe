/** One open stream: what it sends, and when. */
import { randomInt } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { sealCursor } from '../../log/cursor.ts';
import type { Payer } from '../../reading/metered.ts';
import type { Member } from '../../sharing/member.ts';
import type { ServedForm } from '../../sharing/served.ts';
import type { Viewer } from '../../sharing/viewer.ts';
import type { Services } from '../context.ts';
import { toProblem } from '../errors/translate.ts';
import { onDemand } from './on-demand.ts';
import type { PageRequest, StreamPage } from './pages.ts';

/** What all streams of a process have in common. */
export interface StreamContext {
  readonly services: Services;
  readonly readPage: (asked: PageRequest) => Promise<StreamPage>;
}

export interface FollowerOptions {
  readonly request: FastifyRequest;
  /** As the request was let in. */
  readonly member: Member;
  readonly form: ServedForm;
  /** The seq after which it begins. */
  readonly after: number;
  /** Whether there may be something to read at once: not where it begins at the end of the log. */
  readonly isBehind: boolean;
  /** Whether superseded versions are left out. */
  readonly current: boolean;
  /** The member behind it at this moment. Throws Problem. */
  readonly check: () => Promise<Member>;
}

/** A client hears something at least every 15 seconds: this, and the next look of the hub. */
const QUIET_MS = 14_000;
/**
 * How often an idle client is given the cursor up to which nothing was for it, so that it never returns
 * with a cursor older than what is stored. It needs a block with an id, which is not a comment.
 */
const POSITION_MS = 3_600_000;
const KEEP_ALIVE = ': keep-alive\n\n';
/** A client that takes nothing is not told why its stream ends; it is cut off after this time. */
const LAST_WORD_MS = 500;
/** Where there is no room for a page, the stream asks again after this time. */
const NO_ROOM_MS = 1000;
/** Clients that all lost their streams at once come back spread over some seconds. */
const RETRY_MS = { min: 1000, max: 5000 } as const;

export class Follower {
  /** What the client is sent. */
  readonly body: Readable;
  /** The seq up to which it has read. */
  seq: number;
  readonly #context: StreamContext;
  readonly #options: FollowerOptions;
  #problem: Problem | undefined;
  #over = false;
  #spokenAt = 0;
  #seqTold = 0;
  #seqToldAt = 0;
  #pausedUntil = 0;
  #wake: (() => void) | undefined;

  constructor(context: StreamContext, options: FollowerOptions) {
    this.#context = context;
    this.#options = options;
    this.seq = options.after;
    this.body = onDemand(this.#events());
    this.body.once('close', () => this.stop());
  }

  /** Ends it in order: a client that listens sees the end of the answer. */
  stop(): void {
    this.#over = true;
    this.#wake?.();
  }

  /** Ends it with an event that says why. */
  end(problem: Problem): void {
    if (this.#problem !== undefined || this.#over) return;
    this.#problem = problem;
    this.#wake?.();
    setTimeout(() => this.body.destroy(), LAST_WORD_MS).unref();
  }

  /** Called when the log has grown, and regularly: continues if there is something to do. */
  look(): void {
    if (this.#isDue() || this.#isQuiet()) this.#wake?.();
  }

  async *#events(): AsyncGenerator<Buffer | string> {
    const { check, member: opener, isBehind } = this.#options;
    const { viewer } = opener;
    try {
      yield this.#spoken(
        `retry: ${randomInt(RETRY_MS.min, RETRY_MS.max)}\n${this.#position(viewer)}`,
      );
      yield* this.#heedQuota(opener);
      if (!isBehind || this.#isPaused()) yield* this.#rest(viewer);
      let behind = false;
      while (this.#goesOn()) {
        const member = await check();
        yield* this.#heedQuota(member);
        const shared: StreamPage | undefined = this.#isPaused()
          ? undefined
          : await this.#nextPage(member, behind);
        behind = shared?.page.more ?? behind;
        if (shared !== undefined) yield* this.#give(member, shared);
        if (this.#isQuiet()) yield this.#keepAlive(viewer);
        if (!behind || this.#isPaused()) yield* this.#rest(viewer);
      }
    } catch (error) {
      yield this.#lastEvent(error);
    }
  }

  /** Pauses, and says so, while the quota of objects is used up: nothing is read meanwhile. */
  async *#heedQuota(member: Member): AsyncGenerator<string> {
    const waitMs = await this.#context.services.rates.pause(payerOf(member));
    if (waitMs > 0) yield this.#pausing(waitMs);
  }

  #pausing(waitMs: number): string {
    this.#pausedUntil = performance.now() + waitMs;
    return this.#spoken(pausedEvent(waitMs));
  }

  /** Undefined where there is no room for it at the moment. */
  async #nextPage({ viewer }: Member, behind: boolean): Promise<StreamPage | undefined> {
    const { current, form } = this.#options;
    try {
      return await this.#context.readPage({ viewer, after: this.seq, behind, current, form });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'server_busy') throw error;
      this.#pausedUntil = performance.now() + NO_ROOM_MS;
      return undefined;
    }
  }

  /** Sends a page, unless the quota is used up: then it is read again when there is a new one. */
  async *#give(member: Member, shared: StreamPage): AsyncGenerator<Buffer | string> {
    const { page } = shared;
    const { disclosures, rates: quota } = this.#context.services;
    try {
      const given = await page.giveWithinQuota({ disclosures, quota }, member);
      if ('waitMs' in given) {
        yield this.#pausing(given.waitMs);
        return;
      }
      this.seq = page.next;
      if (page.objects > 0) yield this.#spoken(given);
    } finally {
      shared.release();
    }
  }

  /** Waits, without any work, until there may be something to read; says meanwhile that it is alive. */
  async *#rest(viewer: Viewer): AsyncGenerator<string> {
    while (this.#goesOn() && !this.#isDue()) {
      await new Promise<void>((resume) => {
        this.#wake = resume;
      });
      if (this.#isQuiet()) yield this.#keepAlive(viewer);
    }
  }

  /** Throws the problem that ended it. */
  #goesOn(): boolean {
    if (this.#problem !== undefined) throw this.#problem;
    return !this.#over;
  }

  #isDue(): boolean {
    return !this.#isPaused() && this.#context.services.growth.head() > this.seq;
  }

  #isPaused(): boolean {
    return performance.now() < this.#pausedUntil;
  }

  #isQuiet(): boolean {
    return performance.now() - this.#spokenAt > QUIET_MS;
  }

  #spoken<Text extends Buffer | string>(text: Text): Text {
    this.#spokenAt = performance.now();
    return text;
  }

  /** A comment; from time to time with a position from which the client may continue. */
  #keepAlive(viewer: Viewer): string {
    const isOld = performance.now() - this.#seqToldAt > POSITION_MS;
    const isNew = this.seq !== this.#seqTold;
    return this.#spoken(isOld && isNew ? `${KEEP_ALIVE}${this.#position(viewer)}` : KEEP_ALIVE);
  }

  #position(viewer: Viewer): string {
    this.#seqTold = this.seq;
    this.#seqToldAt = performance.now();
    return `id: ${sealCursor(this.#context.services.keyring, viewer, this.seq)}\n\n`;
  }

  #lastEvent(error: unknown): string {
    const { code, message } = toProblem(error);
    if (code === 'internal_error') {
      this.#options.request.log.error({ err: error }, 'stream failed');
    }
    return `event: problem\ndata: ${JSON.stringify({ code, detail: message })}\n\n`;
  }
}

function payerOf({ actor, viewer }: Member): Payer {
  return { actor, organisationId: viewer.organisationId };
}

/** A client that does not know the event ignores it, and reads on when the stream continues. */
function pausedEvent(waitMs: number): string {
  const seconds = Math.ceil(waitMs / 1000);
  const detail = `The quota of objects is used up. The stream continues in ${seconds} s`;
  const data = { code: 'rate_limited', detail, retry_after: seconds };
  return `event: paused\ndata: ${JSON.stringify(data)}\n\n`;
}
