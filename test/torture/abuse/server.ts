import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Stage } from '../stage.ts';

const BIN = fileURLToPath(new URL('../../../bin/tocsin.js', import.meta.url));
/** MiB of V8's heap: what a small machine gives, and little enough for every leak of memory to end it. */
const HEAP_MB = 1000;
const START_MS = 60_000;
const STOP_MS = 20_000;
const LOOK_MS = 250;

/** The server that is attacked: one process with both roles and the limits that it has by default. */
export interface AttackedServer {
  readonly url: string;
  readonly pid: number;
  /** How often it ended without a signal. */
  died(): number;
  /** The most memory it had resident so far, in MiB. */
  memoryMaxMb(): number;
  /** SIGTERM, then SIGKILL to those that stay. Resolves to whether it left in order. */
  stop(): Promise<boolean>;
}

/** Starts the server on the stage; its log goes to a file in `logDirectory`. */
export async function startAttacked(stage: Stage, logDirectory: string): Promise<AttackedServer> {
  await mkdir(logDirectory, { recursive: true });
  const log = openSync(join(logDirectory, 'attacked.log'), 'a');
  const child = spawn(process.execPath, [BIN, 'serve'], {
    env: {
      ...process.env,
      ...stage.env,
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
      TOCSIN_DATA_DIR: join(stage.directory, 'attacked'),
      TOCSIN_EGRESS_ALLOW: '127.0.0.0/8',
    },
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  const url = await listening(child);
  let died = 0;
  let stopping = false;
  child.once('exit', () => {
    if (!stopping) died++;
  });
  const memory = watchMemory(child);
  return {
    url,
    pid: child.pid ?? 0,
    died: () => died,
    memoryMaxMb: memory.maxMb,
    stop: async () => {
      stopping = true;
      memory.stop();
      return stopped(child);
    },
  };
}

async function listening(child: ChildProcess): Promise<string> {
  const over = AbortSignal.timeout(START_MS);
  let said = '';
  if (child.stdout === null) throw new Error('The server has no standard output');
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const url = /listens on (http:[^"\s]+)/.exec(said)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
    over.throwIfAborted();
  }
  throw new Error(`The server did not start: ${said.slice(-500)}`);
}

/** Reads the resident size now and then; the high-water mark of the kernel is reset at execve. */
function watchMemory({ pid }: ChildProcess): { maxMb: () => number; stop: () => void } {
  let maxMb = 0;
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    maxMb = Math.max(maxMb, Math.round(kilobytes / 1024));
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return { maxMb: () => maxMb, stop: () => clearInterval(timer) };
}

async function stopped(child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return false;
  const left = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const patience = new AbortController();
  const inOrder = await Promise.race([
    left.then(() => true),
    delay(STOP_MS, false, { signal: patience.signal }).catch(() => false),
  ]);
  patience.abort();
  if (!inOrder) child.kill('SIGKILL');
  await left;
  return inOrder;
}
