import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { lineForPeople } from './log-lines.ts';
import { VERSION } from './version.ts';
import { destination, pino, type DestinationStream, type Logger } from 'pino';

export type { Logger };
export type { Registry };

/**
 * Logs go to standard error, so that commands keep standard output: one JSON object a line, or text
 * where a person reads it on a terminal.
 */
export function createLogger(level: string, to?: DestinationStream): Logger {
  const target = to ?? standardError();
  const isRead = to === undefined && process.stderr.isTTY;
  const escaping = {
    write: (line: string) =>
      target.write(isRead ? lineForPeople(line, inertText) : inertJson(line)),
  };
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: toErrorLine },
      formatters: { level: (label) => ({ level: label }) },
    },
    escaping,
  );
}

/**
 * JSON whose strings do nothing to a terminal: JSON itself escapes C0 controls alone. U+009B begins an
 * escape sequence in one character, and bidirectional controls reorder what a reader sees. The JSON
 * stands for the same value.
 */
export function inertJson(json: string): string {
  return json.replaceAll(DECEPTIVE, escapedCharacter);
}

/** Text that does nothing to a terminal but break lines; other controls are shown as `\\u009b`. */
export function inertText(text: string): string {
  return text.replaceAll(DECEPTIVE_OR_CONTROL, escapedCharacter);
}

const DECEPTIVE =
  /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const DECEPTIVE_OR_CONTROL = new RegExp(`(?![\\n\\t])(?:\\p{Cc}|${DECEPTIVE.source})`, 'gu');

function escapedCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function standardError(): DestinationStream {
  return destination({ fd: 2, sync: false });
}

/** An error without what hangs on it: a driver's carries its whole connection. */
function toErrorLine(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  return {
    name,
    message,
    ...code,
    stack,
    ...(cause === undefined ? {} : { cause: toErrorLine(cause) }),
  };
}

/** Where each part of the server puts what /metrics tells of it (Prometheus text format). */
export function createRegistry(): Registry {
  const registry = new Registry();
  describeProcess(registry);
  return registry;
}

function describeProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  const info = new Gauge({
    name: 'tocsin_build_info',
    help: 'Always 1; the labels are the versions of Tocsin and Node',
    labelNames: ['version', 'node'],
    registers: [registry],
  });
  info.set({ version: VERSION, node: process.versions.node }, 1);
}
