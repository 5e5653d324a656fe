/** Lets one go on after another, in the order in which they asked. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Turns at something of which there is one. Shared evenly, two that ask for as much would both be
 * done when the second one is; in turn, the first one is done in half of that time, and makes room for
 * what waits for it elsewhere.
 */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
