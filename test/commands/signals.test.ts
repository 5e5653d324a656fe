import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentWith } from '../../src/config.ts';
import { clusterDirectory } from '../../src/store/embedded/cluster.ts';
import { findPostmaster, isRunning } from '../../src/store/embedded/postmaster.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOCSIN = join(ROOT, 'bin', 'tocsin.js');
const TIMEOUT_MS = 60_000;

let dataDir: string;
let child: ChildProcess;

beforeEach(async () => {
  dataDir = await testDirectory();
});
afterEach(async () => {
  child.kill('SIGKILL');
  await removeTestDirectory(dataDir);
});

/** A server with its own database, starting. */
function start(program: string, args: string[]): void {
  child = spawn(program, args, {
    cwd: ROOT,
    env: environmentWith({ TOCSIN_DATA_DIR: dataDir, PORT: '0' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for a line that it writes; fails when it ends before. */
async function says(stream: 'stdout' | 'stderr', text: string): Promise<void> {
  const source = child[stream];
  if (source === null) throw new Error('It is not read');
  for await (const line of createInterface(source)) {
    if (!line.includes(text)) continue;
    // Unread, it would keep the process from being seen to end.
    source.resume();
    return;
  }
  throw new Error(`It ended without saying ${text}`);
}

const postmaster = () => findPostmaster(clusterDirectory(dataDir));

describe('a server that is starting', () => {
  it.each([
    ['SIGTERM', 'made a new database cluster'],
    ['SIGINT', 'started the embedded PostgreSQL'],
    ['SIGHUP', 'applied a migration'],
  ] as const)(
    'stops at %s after it %s, and leaves no database running',
    async (signal, message) => {
      start(process.execPath, [TOCSIN, 'serve']);
      await says('stderr', message);
      const gone = once(child, 'exit');
      child.kill(signal);
      expect(await gone).toEqual([0, null]);
      expect(await postmaster()).toBe('none');
      // And what it left half done does not keep the next one from starting.
      start(process.execPath, [TOCSIN, 'serve']);
      await says('stdout', 'Tocsin listens on');
      const stopped = once(child, 'exit');
      child.kill('SIGTERM');
      await stopped;
    },
    TIMEOUT_MS,
  );
});

describe('a server that serves', () => {
  it(
    'stops in order at SIGHUP, and warns of nothing',
    async () => {
      start(process.execPath, [TOCSIN, 'serve']);
      const levels: unknown[] = [];
      const announcements: string[] = [];
      const errors = child.stderr === null ? undefined : createInterface(child.stderr);
      errors?.on('line', (line) => {
        levels.push((JSON.parse(line) as { level: unknown }).level);
        if (line.includes('http://')) announcements.push(line);
      });
      await says('stdout', 'Tocsin listens on');
      expect(await postmaster()).toMatchObject({ status: 'ready' });
      const gone = once(child, 'exit');
      child.kill('SIGHUP');
      expect(await gone).toEqual([0, null]);
      expect(await postmaster()).toBe('none');
      expect(levels.length).toBeGreaterThan(0);
      expect(levels.filter((level) => level !== 'info')).toEqual([]);
      // The line on standard output is the only one.
      expect(announcements).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'takes a Ctrl-C that comes twice for one',
    async () => {
      start(process.execPath, [TOCSIN, 'serve']);
      await says('stdout', 'Tocsin listens on');
      const gone = once(child, 'exit');
      child.kill('SIGINT');
      // Of another kind, since the kernel may make one of two that are the same.
      child.kill('SIGTERM');
      expect(await gone).toEqual([0, null]);
      expect(await postmaster()).toBe('none');
    },
    TIMEOUT_MS,
  );

  it(
    'stops when the npm that runs it was stopped',
    async () => {
      start('npm', ['start']);
      await says('stdout', 'Tocsin listens on');
      const pid = Number(await readFile(join(dataDir, 'serve.pid'), 'utf8'));
      expect(await isRunning(pid)).toBe(true);
      child.kill('SIGTERM');
      await expect.poll(() => isRunning(pid)).toBe(false);
      expect(await postmaster()).toBe('none');
    },
    TIMEOUT_MS,
  );
});
