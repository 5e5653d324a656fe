/**
 * The record of denied requests: counted in memory by key, address, route and reason, and written to
 * the audit every FLUSH_MS. A crash loses what was counted since.
 */
import type { Database } from '../store/postgres/database.ts';
import { appendRefusals, type Refusal } from '../store/audit/refusals.ts';

export interface Refusals {
  /** A request was refused. Returns at once. */
  record(refusal: Omit<Refusal, 'count'>): void;
  /** Resolves when all that was counted is in the audit. */
  close(): Promise<void>;
}

const FLUSH_MS = 60_000;
/** From so many counts on, new ones are added up over all addresses: anybody can have many of those. */
const ADDRESSED_MAX = 5000;

function nameOf({ keyId, userId, address, method, route, code }: Refusal): string {
  return JSON.stringify([keyId, userId, address, method, route, code]);
}

export function countRefusals(db: Database, onError: (error: unknown) => void): Refusals {
  let counted = new Map<string, Refusal>();
  let running: Promise<void> | undefined;

  const add = (refusal: Refusal): void => {
    const name = nameOf(refusal);
    if (refusal.address !== null && !counted.has(name) && counted.size >= ADDRESSED_MAX) {
      add({ ...refusal, address: null });
      return;
    }
    const before = counted.get(name)?.count ?? 0;
    counted.set(name, { ...refusal, count: refusal.count + before });
  };
  const flush = async (): Promise<void> => {
    const taken = [...counted.values()];
    if (taken.length === 0) return;
    counted = new Map();
    try {
      await appendRefusals(db, taken);
    } catch (error) {
      for (const refusal of taken) add(refusal);
      onError(error);
    }
  };
  const timer = setInterval(() => {
    running ??= flush().finally(() => (running = undefined));
  }, FLUSH_MS);
  return {
    record: (refusal) => add({ ...refusal, count: 1 }),
    close: async () => {
      clearInterval(timer);
      await running;
      await flush();
    },
  };
}
