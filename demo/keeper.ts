/**
 * A process of its own that keeps the demo's server: makes its data directory, runs `tocsin serve`
 * on it, and takes both away when the demo ends, however that comes about, `kill -9` included.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { demoEnvironment } from './environment.ts';
import { clusterDirectory } from '../src/store/embedded/cluster.ts';
import {
  endServerProcesses,
  findPostmaster,
  stopPostmaster,
} from '../src/store/embedded/postmaster.ts';

/** What the keeper tells its parent. */
export type KeeperReport =
  | { kind: 'listening'; url: string; pid: number; dataDir: string }
  | { kind: 'ended'; said: string };

const TOCSIN = fileURLToPath(new URL('../bin/tocsin.js', import.meta.url));
const STOP_MS = 10_000;
const SAID_MAX = 2000;

function tell(report: KeeperReport): void {
  if (process.connected) process.send?.(report);
}

/** In a group of its own, so that what it started can be ended with it. */
function startServer(dataDir: string): ChildProcess {
  return spawn(process.execPath, [TOCSIN, 'serve'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: demoEnvironment(dataDir),
  });
}

/** Ends when the server listens or is gone. */
async function watch(server: ChildProcess, dataDir: string): Promise<void> {
  let said = '';
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_MAX);
  });
  server.once('close', () => tell({ kind: 'ended', said }));
  if (server.stdout === null) return;
  for await (const line of createInterface(server.stdout)) {
    const url = /Tocsin listens on (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    tell({ kind: 'listening', url, pid: server.pid ?? 0, dataDir });
    break;
  }
  // Unread, it would keep the server from being seen to close.
  server.stdout.resume();
}

/** What does not end is killed, and no PostgreSQL stays behind. */
async function stopServer(server: ChildProcess, dataDir: string): Promise<void> {
  const isGone = () => server.exitCode !== null || server.signalCode !== null;
  if (!isGone()) {
    server.kill('SIGTERM');
    await Promise.race([once(server, 'exit'), delay(STOP_MS, undefined, { ref: false })]);
  }
  if (!isGone() && server.pid !== undefined) process.kill(-server.pid, 'SIGKILL');
  const directory = clusterDirectory(dataDir);
  const postmaster = await findPostmaster(directory);
  if (typeof postmaster === 'object') await stopPostmaster(postmaster.pid);
  await endServerProcesses(directory);
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
}

const asked = new Promise<void>((resolve) => {
  for (const event of ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect', 'message']) {
    process.on(event, () => resolve());
  }
});
const dataDir = await realpath(await mkdtemp(join(tmpdir(), 'tocsin-demo-')));
const server = startServer(dataDir);
void watch(server, dataDir);
await asked;
await stopServer(server, dataDir);
process.exit(0);
