import { Problem } from '../errors.ts';

/** What a search that came to its limit of time is answered with. */
export function tooBroad(seconds: number, cause: unknown): Problem {
  return new Problem(
    'search_too_broad',
    `The search took more than ${seconds} seconds. Narrow it: add a label, a type, a time such as ` +
      '`posted_since`, or a longer text',
    { cause },
  );
}
