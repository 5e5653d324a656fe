/**
 * A queue for work that is expensive and that strangers can ask for, such as hashing a password.
 * Sources (a network, or an account on a known device) take turns, so that one source with a
 * hundred requests delays another by one turn, not by a hundred, and one that had no turn lately is
 * not delayed at all. Known devices go first, but leave
 * every fourth turn to the others: somebody with an account cannot keep everyone else waiting.
 */
import { Problem } from '../errors.ts';
import { Rotation } from '../concurrency/rotation.ts';

export interface QueueLimits {
  /** Works that run at the same time. */
  readonly running: number;
  /** Works that wait, of known devices and of all others separately. */
  readonly waiting: number;
  /** Works of one source that wait. */
  readonly waitingPerSource: number;
  readonly waitMs: number;
}

/** Who asks: sources of the same name share their turns. */
export interface Source {
  readonly name: string;
  /** Whether it is a device on which the user has signed in before. */
  readonly known: boolean;
}

/** Runs `work` when its turn has come. Throws Problem sign_in_busy. */
export type FairQueue = <T>(source: Source, work: () => Promise<T>) => Promise<T>;

interface Waiter {
  start(): void;
  reject(): void;
}

const KNOWN_IN_A_ROW = 3;
const RETRY_SECONDS = 5;

/** A queue with these limits. */
export function createFairQueue(limits: QueueLimits): FairQueue {
  const known = new Rotation<Waiter>();
  const others = new Rotation<Waiter>();
  let running = 0;
  let knownInARow = 0;
  const next = (): Waiter | undefined => {
    const knownFirst = knownInARow < KNOWN_IN_A_ROW || others.size === 0;
    const line = knownFirst && known.size > 0 ? known : others;
    knownInARow = line === known ? knownInARow + 1 : 0;
    return line.shift();
  };
  const wait = (source: Source): Promise<void> =>
    new Promise((resolve, reject) => {
      const line = source.known ? known : others;
      makeRoom(line, source.name, limits);
      const waiter: Waiter = {
        start: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: () => {
          clearTimeout(timer);
          reject(busy());
        },
      };
      const timer = setTimeout(() => {
        line.remove(source.name, waiter);
        waiter.reject();
      }, limits.waitMs);
      line.push(source.name, waiter);
    });
  return async (source, work) => {
    if (running < limits.running) {
      running++;
      (source.known ? known : others).tookTurn(source.name);
    } else {
      await wait(source);
    }
    try {
      return await work();
    } finally {
      // The place is handed over, so that a newcomer cannot take it first.
      const waiter = next();
      if (waiter === undefined) running--;
      else waiter.start();
    }
  };
}

/**
 * Makes room for one more of this source, at the expense of the source that has the most waiting.
 * Throws Problem sign_in_busy when that is this source itself.
 */
function makeRoom(line: Rotation<Waiter>, source: string, limits: QueueLimits): void {
  const own = line.lengthOf(source);
  if (own >= limits.waitingPerSource) throw busy();
  if (line.size < limits.waiting) return;
  const longest = line.longest();
  if (longest === undefined || line.lengthOf(longest) <= own + 1) throw busy();
  line.pop(longest)?.reject();
}

function busy(): Problem {
  return new Problem('sign_in_busy', `Try again in ${RETRY_SECONDS} s`, {
    extra: { retry_after: RETRY_SECONDS },
  });
}
