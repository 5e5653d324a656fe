/** A line of the log for a person at a terminal. */
import { styleText } from 'node:util';

const COLOURS: Readonly<Record<string, 'red' | 'yellow' | 'dim'>> = {
  fatal: 'red',
  error: 'red',
  warn: 'yellow',
};

/**
 * Turns a JSON line into `08:15:00 warn  what happened  name=value`, and the stack of an error below it.
 * `inert` takes effect on what members may have chosen.
 */
export function lineForPeople(json: string, inert: (text: string) => string): string {
  const entry = JSON.parse(json) as Record<string, unknown>;
  const { level, time, msg, err, ...rest } = entry;
  const label = String(level);
  const facts = Object.entries(rest).map(([name, value]) => `  ${name}=${textOf(value)}`);
  const line = `${String(time).slice(11, 19)} ${label.padEnd(5)} ${textOf(msg)}${facts.join('')}`;
  const colour = COLOURS[label] ?? 'dim';
  const text = inert(`${line}${reasonOf(err)}`);
  return `${styleText(colour, text, { stream: process.stderr })}\n`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { message, stack } = error as { message?: unknown; stack?: unknown };
  return typeof stack === 'string' ? `\n${stack}` : `: ${textOf(message)}`;
}
