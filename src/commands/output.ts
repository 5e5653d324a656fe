/**
 * What commands write to a terminal. Names and reasons that members chose are part of it, so nothing
 * else in this folder writes to standard output or standard error.
 */
import { once } from 'node:events';
import { inertJson, inertText } from '../telemetry.ts';

/** Whether a person reads what is printed. */
export function isTerminal(): boolean {
  return process.stdout.isTTY;
}

/**
 * Lets a command end in order when the reader of its output, such as `head`, has seen enough: what it
 * prints from then on is dropped.
 */
export function tolerateClosedOutput(): void {
  if (process.stdout.listeners('error').includes(ignoreClosedPipe)) return;
  process.stdout.on('error', ignoreClosedPipe);
}

const CLOSED: ReadonlySet<unknown> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (!CLOSED.has(error.code)) throw error;
}

/** Whether there is room for more. */
function write(text: string): boolean {
  return process.stdout.destroyed || process.stdout.write(text);
}

/** Prints one JSON value a line. */
export function print(...values: readonly object[]): void {
  for (const value of values) write(`${inertJson(JSON.stringify(value))}\n`);
}

/** Prints a line of JSON. Resolves when there is room for the next one. */
export async function printJson(line: string): Promise<void> {
  if (write(`${inertJson(line)}\n`)) return;
  await once(process.stdout, 'drain').catch(ignoreClosedPipe);
}

/** Prints text; control characters and those that reorder text are shown by their code. */
export function printText(text: string): void {
  write(inertText(text));
}

/**
 * Tells a person on a terminal what was done, where REST answers with no body. Standard output stays
 * empty, as that answer is.
 */
export function confirm(text: string): void {
  if (process.stdout.isTTY && process.stderr.isTTY) printError(`${text}\n`);
}

/** Prints text to standard error, as printText does. */
export function printError(text: string): void {
  process.stderr.write(inertText(text));
}
