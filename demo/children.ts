import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { orAborted } from '../src/commands/signals.ts';
import type { Account } from './account.ts';
import type { KeeperReport } from './keeper.ts';
import type { ReceiverReport } from './receiver.ts';

/** An error for the person who runs the demo, to whom a stack is of no use. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** A receiver in a process of its own, and the book that is kept of what it reports. */
export interface Receiver {
  readonly pid: number;
  readonly port: number;
  /** Emits `report` for each ReceiverReport, after the account has taken note of it. */
  readonly reports: EventEmitter<{ report: [ReceiverReport] }>;
  /** Tells it with what to verify. */
  trust(secret: string): void;
}

const STOP_MS = 5000;
/** What the keeper may take: the server's start to its end, its stop, and PostgreSQL's. */
const KEEPER_STOP_MS = 45_000;

/** The processes of a demo. They end with it: in order by `close`, and by themselves if it is killed. */
export class Children {
  readonly #receivers: ChildProcess[] = [];
  readonly #trouble = new AbortController();
  #keeper: ChildProcess | undefined;
  #closing = false;

  /** Aborts, with a DemoError, when one of them ends before its time. */
  get trouble(): AbortSignal {
    return this.#trouble.signal;
  }

  /** Starts `tocsin serve` in a data directory of its own. */
  async startServer(signal: AbortSignal): Promise<{ url: string; pid: number; dataDir: string }> {
    const keeper = start('keeper.ts', { detached: true });
    this.#keeper = keeper;
    this.#watch(keeper, 'The process that keeps the server');
    const listening = Promise.withResolvers<{ url: string; pid: number; dataDir: string }>();
    keeper.on('message', (report: KeeperReport) => {
      if (report.kind === 'listening') listening.resolve(report);
      else if (!this.#closing) this.#fail(`The server ended. ${report.said}`);
    });
    return orAborted(listening.promise, AbortSignal.any([signal, this.trouble]));
  }

  /** Starts a receiver; what it reports goes to `account`. */
  async startReceiver(account: Account, signal: AbortSignal): Promise<Receiver> {
    const child = start('receiver.ts', {});
    this.#receivers.push(child);
    this.#watch(child, `The receiver of ${account.slug}`);
    const reports: Receiver['reports'] = new EventEmitter();
    const listening = Promise.withResolvers<number>();
    child.on('message', (report: ReceiverReport) => {
      if (report.kind === 'listening') listening.resolve(report.port);
      if (report.kind === 'verified') account.receive(report);
      if (report.kind === 'refused') account.refuse(report.why);
      reports.emit('report', report);
    });
    const port = await orAborted(listening.promise, AbortSignal.any([signal, this.trouble]));
    return { pid: child.pid ?? 0, port, reports, trust: (secret) => void child.send(secret) };
  }

  /** Ends them all, the server first, so that nobody is left to whom it could not deliver. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#keeper !== undefined) await end(this.#keeper, KEEPER_STOP_MS);
    await Promise.all(this.#receivers.map((receiver) => end(receiver, STOP_MS)));
  }

  #watch(child: ChildProcess, who: string): void {
    child.once('error', (error) => this.#fail(`${who} does not run: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (!this.#closing) this.#fail(`${who} ended (${signal ?? `exit code ${String(code)}`})`);
    });
  }

  #fail(message: string): void {
    this.#trouble.abort(new DemoError(message.trim()));
  }
}

function start(file: string, options: { detached?: boolean }): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return fork(path, [], {
    ...options,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Closing the channel asks it to end. */
async function end(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  const waiting = new AbortController();
  const late = delay(withinMs, 'late', { signal: waiting.signal }).catch(() => undefined);
  if ((await Promise.race([exited, late])) === 'late') child.kill('SIGKILL');
  waiting.abort();
}
