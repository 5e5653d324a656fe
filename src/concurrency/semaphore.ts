/** Runs so much work at the same time; so much more waits in order, and what is beyond that is rejected. */

export type Semaphore = <T>(work: () => Promise<T>, rejection: () => Error) => Promise<T>;

export function createSemaphore(limits: {
  readonly running: number;
  readonly waiting: number;
}): Semaphore {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work, rejection) => {
    if (running < limits.running) running++;
    else if (waiting.length >= limits.waiting) throw rejection();
    // Whoever ends hands its place on, so that nobody slips in between.
    else await new Promise<void>((resume) => waiting.push(resume));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
