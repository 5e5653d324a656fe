import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LEASE_SECONDS, type Stage } from './stage.ts';

const BIN = fileURLToPath(new URL('../../bin/tocsin.js', import.meta.url));
const STOP_MS = 20_000;
const AGAIN_MS = 200;

export type ServerRole = 'http' | 'worker';

/** A place for one real process of Tocsin, which is started again whenever it is gone. */
export interface TocsinServer {
  readonly name: string;
  readonly role: ServerRole;
  /** Where it listens; undefined while it does not. */
  readonly url: string | undefined;
  readonly pid: number | undefined;
  /** `kill -9`; it is started again after `downMs`. */
  kill(downMs: number): void;
  /** SIGSTOP, and SIGCONT after `forMs`. */
  pause(forMs: number): Promise<void>;
}

/** Keeps the processes of one run. */
export interface Fleet {
  readonly servers: readonly TocsinServer[];
  /** Resolves when every server listens; false when it took longer than `withinMs`. */
  up(withinMs: number): Promise<boolean>;
  /** The URL of a server that listens, chosen by `pick`; undefined while none does. */
  door(pick: (urls: readonly string[]) => string): string | undefined;
  /** SIGTERM to each, then SIGKILL to those that stay; answers the names of those that had to be killed. */
  stop(): Promise<string[]>;
  /** SIGKILL to each, at once. */
  abandon(): void;
}

/** Starts `http` and `worker` processes; their logs go to `logDirectory`. */
export async function launchFleet(
  stage: Stage,
  counts: Record<ServerRole, number>,
  logDirectory: string,
): Promise<Fleet> {
  await mkdir(logDirectory, { recursive: true });
  const roles = (['http', 'worker'] as const).flatMap((role) =>
    Array.from({ length: counts[role] }, (_, i) => ({ role, name: `${role}-${i + 1}` })),
  );
  const slots = roles.map(({ role, name }) => new Slot(stage, role, name, logDirectory));
  const abandon = (): void => slots.forEach((slot) => slot.abandon());
  process.once('exit', abandon);
  return {
    servers: slots,
    up: async (withinMs) => {
      const deadline = performance.now() + withinMs;
      while (slots.some(({ url }) => url === undefined)) {
        if (performance.now() > deadline || slots.some(({ ending }) => ending)) return false;
        await delay(20);
      }
      return true;
    },
    door: (pick) => {
      const urls = slots.flatMap(({ role, url }) => (role === 'http' && url ? [url] : []));
      return urls.length === 0 ? undefined : pick(urls);
    },
    stop: async () => {
      const stayed = await Promise.all(slots.map((slot) => slot.stop()));
      process.off('exit', abandon);
      return stayed.flatMap((stays, i) => (stays ? [slots[i]?.name ?? ''] : []));
    },
    abandon,
  };
}

class Slot implements TocsinServer {
  readonly role: ServerRole;
  readonly name: string;
  url: string | undefined;
  readonly #stage: Stage;
  readonly #log: string;
  readonly #dataDir: string;
  readonly #kept: Promise<void>;
  #child: ChildProcess | undefined;
  #stopping = false;
  #downMs = 0;

  constructor(stage: Stage, role: ServerRole, name: string, logDirectory: string) {
    this.#stage = stage;
    this.role = role;
    this.name = name;
    this.#log = join(logDirectory, `${name}.log`);
    this.#dataDir = join(stage.directory, name);
    this.#kept = this.#keep();
  }

  /** Whether it is not started again. */
  get ending(): boolean {
    return this.#stopping;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  kill(downMs: number): void {
    this.#downMs = downMs;
    this.#child?.kill('SIGKILL');
  }

  async pause(forMs: number): Promise<void> {
    const child = this.#child;
    child?.kill('SIGSTOP');
    await delay(forMs);
    child?.kill('SIGCONT');
  }

  abandon(): void {
    this.#stopping = true;
    this.#child?.kill('SIGKILL');
  }

  /** Whether it had to be killed. */
  async stop(): Promise<boolean> {
    this.#stopping = true;
    this.#child?.kill('SIGCONT');
    this.#child?.kill('SIGTERM');
    const patience = new AbortController();
    const stayed = await Promise.race([
      this.#kept.then(() => false),
      delay(STOP_MS, true, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (stayed) this.#child?.kill('SIGKILL');
    await this.#kept;
    return stayed;
  }

  async #keep(): Promise<void> {
    while (!this.#stopping) {
      await this.#live();
      // Where it could not start, since the database is down, it is tried again shortly.
      if (!this.#stopping) await delay(Math.max(AGAIN_MS, this.#downMs));
      this.#downMs = 0;
    }
  }

  /** One life of the process, from its start to its end. */
  async #live(): Promise<void> {
    const log = openSync(this.#log, 'a');
    const child = spawn(process.execPath, [BIN, 'serve', '--roles', this.role], {
      env: {
        ...process.env,
        ...this.#stage.env,
        PORT: '0',
        HOST: '127.0.0.1',
        LOG_LEVEL: 'warn',
        TOCSIN_DATA_DIR: this.#dataDir,
        TOCSIN_EGRESS_ALLOW: '127.0.0.0/8',
        TOCSIN_LEASE_SECONDS: String(LEASE_SECONDS),
        TOCSIN_DATABASE_POOL: '6',
        TOCSIN_RATE_REQUESTS: '1000000',
      },
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.url ??= /listens on (http:\S+)/.exec(chunk.toString())?.[1];
    });
    await once(child, 'exit');
    this.#child = undefined;
    this.url = undefined;
  }
}
