/**
 * Long work is written as a generator that yields after each of many small steps, so that its
 * driver can do something else in between.
 */
export type Steps<T> = Generator<undefined, T>;

/** Does all steps at once. */
export function drained<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
