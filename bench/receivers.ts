import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { atEnd } from './endings.ts';
import { growth } from './growth.ts';

export interface ReceiverOptions {
  /** How many, each on a port of its own. */
  readonly count: number;
  /** Whether to tell when each object came, not only how many. */
  readonly ids: boolean;
}

/** What arrived since the last call. */
export interface Arrivals {
  posts: number;
  objects: number;
  bytes: number;
  /** When the last of it came, in ms since 1970. */
  atMs: number;
  seen: { id: string; atMs: number }[];
  /** The sizes of the bodies that the first receiver got, in their order. */
  sample: number[];
}

export interface Receivers {
  readonly urls: readonly string[];
  /** Everything that came since the last `reset`. */
  readonly total: Arrivals;
  reset(): void;
  /** Resolves when so many objects have come since the last `reset`; throws when no more come. */
  arrived(objects: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts receivers that answer 204 to everything. */
export async function startReceivers(options: ReceiverOptions): Promise<Receivers> {
  const thread = new Worker(new URL('receiver-thread.ts', import.meta.url), {
    workerData: options,
  });
  const stop = atEnd(async () => void (await thread.terminate()));
  const [{ urls }] = (await once(thread, 'message')) as [{ urls: string[] }];
  const total: Arrivals = { posts: 0, objects: 0, bytes: 0, atMs: 0, seen: [], sample: [] };
  const grown = new EventTarget();
  thread.on('message', (more: Arrivals) => {
    total.posts += more.posts;
    total.objects += more.objects;
    total.bytes += more.bytes;
    total.atMs = more.atMs;
    total.seen.push(...more.seen);
    total.sample.push(...more.sample);
    grown.dispatchEvent(new Event('grown'));
  });
  return {
    urls,
    total,
    reset: () => {
      Object.assign(total, { posts: 0, objects: 0, bytes: 0, atMs: 0, seen: [], sample: [] });
    },
    arrived: async (objects) => {
      while (total.objects < objects) {
        await growth(grown, () => `Only ${total.objects} of ${objects} objects arrived`);
      }
    },
    stop: async () => stop(),
  };
}
