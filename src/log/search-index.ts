import type { Database } from '../store/postgres/database.ts';
import { advanceSearchIndex } from '../store/search/progress.ts';

/**
 * Keeps what searches look terms and texts up in up with the log. Any number of processes may do it; their calls
 * wait for one another. While the log grows, it rests for longer than it works, since posting comes first: a search
 * indexes the last rows itself.
 */
export interface SearchIndex {
  /** Ends after the step under way. */
  close(): Promise<void>;
}

const BATCH_MAX = 500;
const POLL_MS = 1000;
/** How much longer it rests than it worked, while the log grows. */
const REST = 3;

export function startSearchIndex(db: Database, onError: (error: unknown) => void): SearchIndex {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let behind = 0;

  const step = async (): Promise<void> => {
    const start = performance.now();
    const before = behind;
    try {
      behind = await advanceSearchIndex(db, BATCH_MAX);
    } catch (error) {
      onError(error);
      behind = 0;
    }
    const grows = before > 0 && behind > before - BATCH_MAX;
    const rest = grows ? REST * (performance.now() - start) : 0;
    plan(behind > 0 ? rest : POLL_MS);
  };
  const plan = (delayMs: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      running = step();
    }, delayMs);
    timer.unref();
  };
  plan(0);
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
