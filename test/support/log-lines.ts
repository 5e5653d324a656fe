import { Writable } from 'node:stream';
import { createLogger, type Logger } from '../../src/telemetry.ts';

/** A log whose lines a test can wait for. */
export interface LogLines {
  readonly logger: Logger;
  /** Resolves when so many lines have come that satisfy. */
  seen(satisfies: (line: Record<string, unknown>) => boolean, count?: number): Promise<void>;
}

export function collectLog(): LogLines {
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      for (const look of waiting) look();
      done();
    },
  });
  return {
    logger: createLogger('info', sink),
    seen: (satisfies, count = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.filter(satisfies).length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
