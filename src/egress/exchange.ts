/** One request and its answer, within one deadline and one limit of bytes. */
import type { Dispatcher } from 'undici';
import { EgressError, failureOf, type EgressFailure } from './failure.ts';
import type { Lane, Pool, Waiter } from './pools.ts';

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** An answer of any status, 3xx included: redirects are not followed. */
export interface EgressResponse {
  ok: true;
  status: number;
  /** Names in lower case; a header sent several times is a list. */
  headers: Headers;
  /** As it came over the wire, never decompressed. */
  body: Buffer;
  /** Whether the body exceeded the limit. */
  truncated: boolean;
  /** Whether it may come from a range that the operator opened, and not from the public internet. */
  inside: boolean;
}

export type EgressOutcome = EgressResponse | EgressFailure;

export interface Exchange {
  method: 'DELETE' | 'GET' | 'HEAD' | 'OPTIONS' | 'PATCH' | 'POST' | 'PUT';
  path: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer | string | Iterable<Buffer> | null;
  /** For everything together: waiting for a connection, opening it, sending, headers and body. */
  timeoutMs: number;
  maxResponseBytes: number;
}

/** undici sends any iterable as a body, as its documentation says and its types do not. */
interface Sender {
  dispatch(
    options: Omit<Dispatcher.DispatchOptions, 'body'> & {
      body?: Dispatcher.DispatchOptions['body'] | Exchange['body'];
    },
    handler: Dispatcher.DispatchHandler,
  ): boolean;
}

/** Never rejects. The connection is cut where the answer was too long, too slow or unreadable. */
export function exchange(pool: Pool, request: Exchange): Promise<EgressOutcome> {
  return new Promise((resolve) => {
    pool.enter(new Answer(pool, request, resolve));
  });
}

class Answer implements Dispatcher.DispatchHandler, Waiter {
  readonly #pool: Pool;
  readonly #request: Exchange;
  readonly #resolve: (outcome: EgressOutcome) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #room: number;
  #lane: Lane | undefined;
  #stage: EgressFailure['stage'] = 'connect';
  #status = 0;
  #headers: Headers = {};
  #isSettled = false;

  constructor(pool: Pool, request: Exchange, resolve: (outcome: EgressOutcome) => void) {
    this.#pool = pool;
    this.#request = request;
    this.#resolve = resolve;
    this.#room = request.maxResponseBytes;
    this.#timer = setTimeout(() => this.fail(tooLate()), request.timeoutMs);
  }

  begin(lane: Lane): void {
    this.#lane = lane;
    lane.expectAnswer();
    const sender: Sender = lane.client;
    const { method, path, headers, body } = this.#request;
    sender.dispatch({ method, path, headers, body }, this);
  }

  fail(error: Error): void {
    if (!this.#settle(failureOf(error, this.#stage))) return;
    if (this.#lane === undefined) this.#pool.leave(this);
    else this.#lane.destroy(error);
  }

  onRequestStart(): void {
    this.#stage = 'headers';
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers) {
    this.#stage = 'body';
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    this.#chunks.push(chunk.subarray(0, this.#room));
    this.#room -= chunk.length;
    if (this.#room >= 0 || !this.#succeed(true)) return;
    this.#lane?.destroy(new EgressError('egress_protocol', 'The answer is longer than the limit'));
  }

  onResponseEnd(): void {
    if (this.#succeed(false)) this.#lane?.release();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  #succeed(truncated: boolean): boolean {
    const body = Buffer.concat(this.#chunks);
    return this.#settle({
      ok: true,
      status: this.#status,
      headers: this.#headers,
      body,
      truncated,
      inside: this.#lane?.isInside() ?? true,
    });
  }

  /** Whether this was the first word about the outcome, and so the one that counts. */
  #settle(outcome: EgressOutcome): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#resolve(outcome);
    return true;
  }
}

function tooLate(): EgressError {
  return new EgressError('egress_timeout', 'The receiver did not answer in time');
}
