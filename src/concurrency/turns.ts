/**
 * Shares a scarce thing (connections, the processor) fairly among those who ask for it at the same
 * time: each source of requests waits for its own turns, not for the requests of the others.
 */
import { Rotation } from './rotation.ts';

/** One use of what is shared. */
export interface Turn {
  /** Resolves when it may begin. Rejects when it was not its turn in time, or when it was ended. */
  readonly begun: Promise<void> | undefined;
  /** Frees the place, or leaves the queue. Calling it again has no effect. */
  end(): void;
}

export interface Turns {
  /** Asks for a turn on behalf of a source. Where there is room, the turn begins at once. */
  ask(source: string): Turn;
}

export interface TurnLimits {
  /** Turns under way at the same time. */
  readonly running: number;
  /** How long one waits for a turn. */
  readonly waitMs: number;
  /** What is thrown when the wait has ended. */
  readonly busy: () => Error;
}

interface Waiter {
  readonly start: () => void;
}

export function createTurns({ running: most, waitMs, busy }: TurnLimits): Turns {
  const waiting = new Rotation<Waiter>();
  let running = 0;
  // The place is handed over, so that no newcomer takes it before those who wait.
  const free = (): void => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next.start();
  };
  const wait = (source: string): Turn => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let end = (): void => fail();
    const start = (): void => {
      clearTimeout(timer);
      end = once(free);
      resolve();
    };
    const fail = (): void => {
      clearTimeout(timer);
      waiting.remove(source, waiter);
      end = () => undefined;
      reject(busy());
    };
    const waiter = { start };
    const timer = setTimeout(fail, waitMs);
    waiting.push(source, waiter);
    // A waiter that leaves the queue may have stopped listening.
    promise.catch(() => undefined);
    return { begun: promise, end: () => end() };
  };
  return {
    ask: (source) => {
      if (running >= most) return wait(source);
      running++;
      waiting.tookTurn(source);
      return { begun: undefined, end: once(free) };
    },
  };
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
