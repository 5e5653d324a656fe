import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../postgres/store-error.ts';
import { clusterDirectory, prepareDataDirectory } from './cluster.ts';
import { ensureServer } from './ensure.ts';
import type { Logger, Running, ServerInput } from './ensure.ts';
import { findPostmaster, stopPostmaster } from './postmaster.ts';
import { tryLock, waitForLock } from './process-lock.ts';
import type { ProcessLock } from './process-lock.ts';
import { supervise } from './supervisor.ts';

export interface EmbeddedOptions {
  dataDir: string;
  /** On 127.0.0.1. Default: the port of the last start, or any free one. */
  port?: number;
  /** Refuse to share the data directory with another exclusive holder: what `serve` asks for. */
  exclusive?: boolean;
  /** Settings of postgresql.conf that replace Tocsin's own. */
  settings?: Record<string, string>;
  /** Gives up the start when it aborts, and leaves nothing running; afterwards it counts for nothing. */
  signal?: AbortSignal | undefined;
  logger: Logger;
}

/** PostgreSQL under the data directory, kept running until `stop`. */
export interface EmbeddedServer {
  /** Of the database `tocsin`, as its owner; stays the same when PostgreSQL is restarted. */
  readonly url: string;
  /** Calls `listener` each time PostgreSQL is gone without our doing; it is restarted after that. */
  onExit(listener: (exit: { pid: number }) => void): void;
  /** Leaves the server; the last process to leave stops it. */
  stop(): Promise<void>;
}

/** One process at a time starts or stops the server; recovery after a crash may take minutes. */
const START_LOCK_TIMEOUT_MS = 660_000;

/**
 * Starts the embedded PostgreSQL of a data directory, or attaches to the one that runs there: begun
 * by another Tocsin process, or left behind by one that was killed.
 * @throws StoreError with a stable code and what to do about it
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  await prepareDataDirectory(options.dataDir);
  const dataDir = await realpath(options.dataDir);
  const { port, settings = {}, logger, signal } = options;
  const input: ServerInput = { dataDir, port, settings, logger, signal };
  const serving = options.exclusive === true ? await claimServing(dataDir) : undefined;
  try {
    const { running, membership } = await enter(input);
    return keep(input, running, membership, serving);
  } catch (error) {
    serving?.release();
    throw error;
  }
}

/** Takes the right to serve for the life of this process, and leaves our pid for a refused one. */
async function claimServing(dataDir: string): Promise<ProcessLock> {
  const pidPath = join(dataDir, 'serve.pid');
  const lock = tryLock(join(dataDir, 'serve.lock'), 'exclusive');
  if (lock !== undefined) {
    await writeFile(pidPath, `${process.pid}\n`);
    return lock;
  }
  const pid = (await readFile(pidPath, 'utf8').catch(() => 'unknown')).trim();
  throw new StoreError(
    'already_serving',
    `Another Tocsin (pid ${pid}) serves the data directory ${dataDir}.`,
    'Stop it first, or set another TOCSIN_DATA_DIR. To run several processes, use one DATABASE_URL.',
  );
}

async function enter(input: ServerInput): Promise<{ running: Running; membership: ProcessLock }> {
  return withStartLock(input, async () => {
    const membership = tryLock(membersPath(input.dataDir), 'shared');
    if (membership === undefined) throw startLockHeld(input.dataDir);
    try {
      const running = await ensureServer(input);
      input.signal?.throwIfAborted();
      return { running, membership };
    } catch (error) {
      await leave(input, await begun(input), membership);
      // A Ctrl-C ends the programs of the start as well: their failure is expected.
      input.signal?.throwIfAborted();
      throw error;
    }
  });
}

/** What a start that failed leaves: not one that recovers, which would have to start again. */
async function begun({ dataDir, signal }: ServerInput): Promise<number | undefined> {
  const found = await findPostmaster(clusterDirectory(dataDir));
  if (typeof found !== 'object') return undefined;
  return found.status === 'ready' || signal?.aborted === true ? found.pid : undefined;
}

function keep(
  input: ServerInput,
  first: Running,
  membership: ProcessLock,
  serving: ProcessLock | undefined,
): EmbeddedServer {
  const { logger } = input;
  const started = { ...input, signal: undefined };
  const listeners: ((exit: { pid: number }) => void)[] = [];
  const stopping = new AbortController();
  let running = first;
  const watch = supervise(
    first.pid,
    {
      async restart() {
        const again = { ...started, port: first.port };
        running = await withStartLock(again, () => ensureServer(again));
        return running;
      },
      exited(pid) {
        logger.error({ pid }, 'the embedded PostgreSQL has ended: restarting it');
        for (const listener of listeners) listener({ pid });
      },
      failed: (err, retryInMs) =>
        logger.error({ err, retryInMs }, 'the embedded PostgreSQL could not be restarted yet'),
    },
    stopping.signal,
  );
  const leaveOnce = once(async () => {
    stopping.abort();
    await watch;
    await withStartLock(started, () => leave(started, running.pid, membership));
    serving?.release();
  });
  return {
    url: first.ownerUrl,
    onExit: (listener) => void listeners.push(listener),
    stop: leaveOnce,
  };
}

/**
 * The last one out stops the server, if there is one. The caller holds the start lock, which keeps
 * newcomers out while we find out.
 */
async function leave(
  { dataDir, logger }: ServerInput,
  pid: number | undefined,
  membership: ProcessLock,
): Promise<void> {
  membership.release();
  const alone = tryLock(membersPath(dataDir), 'exclusive');
  if (alone === undefined) {
    logger.info({ pid }, 'left the embedded PostgreSQL running for other Tocsin processes');
    return;
  }
  alone.release();
  if (pid === undefined) return;
  await stopPostmaster(pid);
  logger.info({ pid }, 'stopped the embedded PostgreSQL');
}

async function withStartLock<T>(
  { dataDir, signal }: Pick<ServerInput, 'dataDir' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await waitForLock(join(dataDir, 'start.lock'), START_LOCK_TIMEOUT_MS, signal);
  if (lock === undefined) throw startLockHeld(dataDir);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function startLockHeld(dataDir: string): StoreError {
  return new StoreError(
    'start_lock_held',
    `Another Tocsin process has been starting or stopping PostgreSQL in ${dataDir} for eleven minutes.`,
    'Find out what it waits for, and end it if it hangs.',
  );
}

function membersPath(dataDir: string): string {
  return join(dataDir, 'members.lock');
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
