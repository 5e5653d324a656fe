/** Tells the readers of this process that the log has grown. */
export interface LogSignal {
  /** The log is known to reach this place. */
  reached(head: number): void;
  /** Wakes every waiter, whatever the head. */
  wake(): void;
  /**
   * Resolves when the log is known to go beyond `place`, at a wake, after `timeoutMs`, or when
   * `signal` aborts: the caller looks for itself what there is.
   */
  beyond(place: number, timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

export function createLogSignal(): LogSignal {
  let head = 0;
  const waiters = new Set<{ place: number; resolve: () => void }>();
  const release = (all: boolean): void => {
    for (const waiter of waiters) {
      if (all || head > waiter.place) waiter.resolve();
    }
  };
  return {
    reached: (place) => {
      if (place <= head) return;
      head = place;
      release(false);
    },
    wake: () => release(true),
    beyond: (place, timeoutMs, signal) => {
      if (head > place || signal?.aborted === true) return Promise.resolve();
      return new Promise((done) => {
        const waiter = {
          place,
          resolve: (): void => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', waiter.resolve);
            waiters.delete(waiter);
            done();
          },
        };
        const timer = setTimeout(waiter.resolve, timeoutMs);
        signal?.addEventListener('abort', waiter.resolve);
        waiters.add(waiter);
      });
    },
  };
}
