import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { environmentWith } from '../../src/config.ts';

/** The project, from which commands are run. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOCSIN = fileURLToPath(new URL('../../bin/tocsin.js', import.meta.url));

const run = promisify(execFile);

export type Environment = Record<string, string>;

/** What a command wrote, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tocsin …` to its end. */
export async function tocsinCommand(args: readonly string[], env: Environment): Promise<Ended> {
  const options = { cwd: ROOT, env: environmentWith(env), maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout, stderr } = await run(process.execPath, [TOCSIN, ...args], options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

export interface ServerProcess {
  readonly url: string;
  /** In order; resolves when the process has ended. */
  stop(): Promise<void>;
}

/** Runs `tocsin serve` on a free port, and waits until it listens. */
export async function startServerProcess(env: Environment): Promise<ServerProcess> {
  const child = spawn(process.execPath, [TOCSIN, 'serve'], {
    cwd: ROOT,
    env: environmentWith({ PORT: '0', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = once(child, 'exit');
  const said: string[] = [];
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      said.push(line);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (url !== undefined && /listen/i.test(line)) listening.resolve(url);
    });
  }
  void gone.then(() => listening.reject(new Error(`The server ended:\n${said.join('\n')}`)));
  const atExit = (): unknown => child.kill('SIGTERM');
  process.once('exit', atExit);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
    process.off('exit', atExit);
  };
  return { url: await listening.promise, stop };
}
