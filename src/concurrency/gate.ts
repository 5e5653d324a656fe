/** Lets so much run at once; so much more waits in turn, and what is beyond that is turned away. */

export type Gate = <T>(work: () => Promise<T>, refusal: () => Error) => Promise<T>;

export function createGate(limits: { readonly running: number; readonly waiting: number }): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work, refusal) => {
    if (running < limits.running) running++;
    else if (waiting.length >= limits.waiting) throw refusal();
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
