import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atEnd, isInterrupted } from './endings.ts';

const TOCSIN = fileURLToPath(new URL('../bin/tocsin.js', import.meta.url));
const SAMPLE_MS = 250;

/** A `tocsin serve` of the bench's own. */
export interface Server {
  /** Where it listens. */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the server as an operator would, but for the port and for webhooks on loopback. */
export async function startServer(dataDir: string): Promise<Server> {
  const logPath = join(dataDir, 'serve.log');
  const log = await open(logPath, 'a');
  const child = spawn(process.execPath, [TOCSIN, 'serve'], {
    env: environment(dataDir),
    stdio: ['ignore', 'pipe', log.fd],
  });
  await log.close();
  const stop = atEnd(() => stopProcess(child));
  try {
    return { url: await listening(child), pid: child.pid ?? 0, stop: async () => stop() };
  } catch (error) {
    if (!isInterrupted()) console.error((await readFile(logPath, 'utf8')).slice(-4000));
    throw error;
  }
}

/** Nothing of ours but what the bench says, so that every run is set up alike. */
function environment(dataDir: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(TOCSIN_|DATABASE_URL|HOST$|PORT$|LOG_LEVEL$)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    TOCSIN_DATA_DIR: dataDir,
    TOCSIN_EGRESS_ALLOW: '127.0.0.0/8',
    PORT: '0',
    // What is measured is how fast the server is, not how fast it lets one key be.
    TOCSIN_RATE_REQUESTS: '10000000',
  };
}

async function listening(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /Tocsin listens on (\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('The server ended before it listened');
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Watches the resident memory of a process; `stop` gives its growth to the highest, in MB. */
export async function watchMemory(pid: number): Promise<{ stop(): Promise<number> }> {
  const before = await residentMb(pid);
  let peak = before;
  let sampling = Promise.resolve();
  const sample = async (): Promise<void> => {
    peak = Math.max(peak, await residentMb(pid));
  };
  const timer = setInterval(() => {
    sampling = sampling.then(sample);
  }, SAMPLE_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await sampling;
      await sample();
      return Math.round(peak - before);
    },
  };
}

async function residentMb(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return (Number(stdout) * 1024) / 1e6;
}
