/** Runs the work of one source one by one, in the order in which it was asked for. */
export type OneByOne = <T>(source: string, work: () => Promise<T>) => Promise<T>;

/**
 * Shared evenly, two that ask for as much would both be done when the second one is; one by one, the first
 * is done in half of that time, and makes room for what waits for it elsewhere. Different sources do
 * not wait for one another.
 */
export function createOneByOne(): OneByOne {
  const lasts = new Map<string, Promise<unknown>>();
  return async (source, work) => {
    const before = lasts.get(source) ?? Promise.resolve();
    const mine = before.then(work);
    const last = mine.catch(() => undefined);
    lasts.set(source, last);
    try {
      return await mine;
    } finally {
      if (lasts.get(source) === last) lasts.delete(source);
    }
  };
}
