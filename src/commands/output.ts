/**
 * What commands write to a terminal. Names and reasons that members chose are part of it, so nothing
 * else in this folder writes to standard output or standard error.
 */
import { inertJson, inertText } from '../telemetry.ts';

/** Prints one JSON value a line. */
export function print(...values: readonly object[]): void {
  for (const value of values) process.stdout.write(`${inertJson(JSON.stringify(value))}\n`);
}

/** Prints text; control characters and those that reorder text are shown by their code. */
export function printText(text: string): void {
  process.stdout.write(inertText(text));
}

/** Prints text to standard error, as printText does. */
export function printError(text: string): void {
  process.stderr.write(inertText(text));
}
