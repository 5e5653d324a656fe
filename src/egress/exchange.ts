/** One request and its answer, within one deadline and one limit of bytes. */
import type { Dispatcher } from 'undici';
import { EgressError, failureOf, type EgressFailure } from './failure.ts';

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** An answer of any status, 3xx included: redirects are not followed. */
export interface EgressResponse {
  ok: true;
  status: number;
  /** Names in lower case; a header sent several times is a list. */
  headers: Headers;
  /** As it came over the wire, never decompressed. */
  body: Buffer;
  /** Whether the body went on past the limit. */
  truncated: boolean;
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

/** Never rejects. The connection is closed where the answer was too long, too slow or unreadable. */
export function exchange(dispatcher: Sender, request: Exchange): Promise<EgressOutcome> {
  return new Promise((resolve) => {
    const { method, path, headers, body, timeoutMs, maxResponseBytes } = request;
    const handler = new Answer(resolve, timeoutMs, maxResponseBytes);
    dispatcher.dispatch({ method, path, headers, body }, handler);
  });
}

class Answer implements Dispatcher.DispatchHandler {
  readonly #resolve: (outcome: EgressOutcome) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #room: number;
  #controller: Dispatcher.DispatchController | undefined;
  #stage: EgressFailure['stage'] = 'connect';
  #status = 0;
  #headers: Headers = {};
  #isSettled = false;

  constructor(
    resolve: (outcome: EgressOutcome) => void,
    timeoutMs: number,
    maxResponseBytes: number,
  ) {
    this.#resolve = resolve;
    this.#room = maxResponseBytes;
    this.#timer = setTimeout(() => this.#expire(), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#stage = 'headers';
    // A request that waited for a connection past its deadline is not sent any more.
    if (this.#isSettled) controller.abort(tooLate());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers) {
    if (status < 200) return;
    this.#stage = 'body';
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    this.#chunks.push(chunk.subarray(0, this.#room));
    this.#room -= chunk.length;
    if (this.#room >= 0) return;
    this.#succeed(true);
    controller.abort(new EgressError('egress_protocol', 'The answer is longer than we read'));
  }

  onResponseEnd(): void {
    this.#succeed(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(failureOf(error, this.#stage));
  }

  #succeed(truncated: boolean): void {
    const body = Buffer.concat(this.#chunks);
    this.#settle({ ok: true, status: this.#status, headers: this.#headers, body, truncated });
  }

  #expire(): void {
    const error = tooLate();
    this.#settle(failureOf(error, this.#stage));
    this.#controller?.abort(error);
  }

  #settle(outcome: EgressOutcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  }
}

function tooLate(): EgressError {
  return new EgressError('egress_timeout', 'The receiver did not answer in time');
}
