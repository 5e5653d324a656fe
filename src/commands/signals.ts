import { constants } from 'node:os';
import { isNpmScript } from '../config.ts';

const PARENT_EVERY_MS = 500;
/** A Ctrl-C under npm comes twice where no shell stands between: from the terminal and from npm. */
const SAME_MS = 500;

/**
 * Aborts, with the name of the signal, at the first one or when the npm that runs us is gone; the
 * second signal ends at once.
 */
export function stopOnSignals(): AbortController {
  const stopping = new AbortController();
  let firstMs = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const nowMs = performance.now();
      if (!stopping.signal.aborted) firstMs = nowMs;
      else if (nowMs - firstMs > SAME_MS) process.exit(128 + constants.signals[name]);
      stopping.abort(name);
    });
  }
  if (isNpmScript()) {
    const parent = process.ppid;
    const look = (): void => {
      if (process.ppid !== parent) stopping.abort('SIGTERM');
    };
    setInterval(look, PARENT_EVERY_MS).unref();
  }
  return stopping;
}

/** What the promise comes to, unless the signal aborts before: then it rejects with the reason. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
