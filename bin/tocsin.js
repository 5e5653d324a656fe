#!/usr/bin/env node
// Runs on whatever Node the machine has, and hands over to the Node 24 that npm installed with
// Tocsin where that one is too old to run TypeScript. So: plain, old JavaScript in this file.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const MAJOR_MIN = 24;
const PROGRAM = process.platform === 'win32' ? 'node.exe' : 'node';
/** What is run: with the demo, which an image goes without, where it is there. */
const DEMO = new URL('../demo/main.ts', import.meta.url);
const PINNED = fileURLToPath(new URL(`../node_modules/node/bin/${PROGRAM}`, import.meta.url));

/**
 * How many MiB V8 may give a server's young objects. Left alone, it goes to twice as many, which makes
 * a process 90 MB larger and nothing quicker.
 */
const YOUNG = '--max-semi-space-size=16';

if (Number(process.versions.node.split('.')[0]) >= MAJOR_MIN) {
  if (process.argv[2] === 'serve' && !isTold('--max-semi-space-size')) beginAnew(YOUNG);
  await import(existsSync(DEMO) ? DEMO.href : '../src/commands/main.ts');
} else if (existsSync(PINNED) && process.execPath !== realpathSync(PINNED)) {
  handOver(PINNED);
} else {
  console.error(
    `Tocsin needs Node ${MAJOR_MIN} or later; this is ${process.version}, and the one that comes ` +
      'with it is not installed. Run "npm ci" in the directory of Tocsin first.',
  );
  process.exitCode = 1;
}

function isTold(flag) {
  const told = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  return told.replaceAll('_', '-').includes(flag);
}

/** The same process from its beginning, with a flag that counts only from there. */
function beginAnew(flag) {
  if (process.platform === 'win32' || typeof process.execve !== 'function') return;
  const args = [
    flag,
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    ...process.argv.slice(2),
  ];
  process.execve(process.execPath, [process.execPath, ...args]);
}

/** Runs this file again on `node`, passing signals on to it and its end back. */
function handOver(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  // A terminal sends Ctrl-C to the whole group: passed on, it would count as the second, hard one.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  child.on('error', (error) => {
    console.error(`${node} does not start: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}
