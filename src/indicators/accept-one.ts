import type { Database } from '../store/postgres/database.ts';
import { batched } from '../concurrency/batch.ts';
import { accept, type AcceptInput } from './accept.ts';
import type { SharingContext } from './context.ts';
import type { ObjectResult } from './results.ts';

/** One object of a request of its own. */
interface Single {
  readonly context: SharingContext;
  readonly object: unknown;
  readonly input: AcceptInput;
}

const TOGETHER_MAX = 50;

const takeTogether = batched(takeAll, {
  max: TOGETHER_MAX,
  // Who may do other things, or shares with others, has a transaction of its own.
  keyOf: ({ input: { requestId: _, ...terms } }: Single) => JSON.stringify(terms),
});

/**
 * Accepts one object. Those that one key shares with one audience at the same time are kept in one
 * transaction, which is what a producer that posts one by one over many connections lives on.
 */
export function acceptOne(
  context: SharingContext,
  object: unknown,
  input: AcceptInput,
): Promise<ObjectResult> {
  return takeTogether(context.db, { context, object, input });
}

async function takeAll(_: Database, singles: readonly Single[]): Promise<ObjectResult[]> {
  try {
    return await take(singles);
  } catch (error) {
    // One request's trouble is not to be another's: each for itself.
    if (singles.length === 1) throw error;
    return (await Promise.all(singles.map((single) => take([single])))).flat();
  }
}

async function take(singles: readonly Single[]): Promise<ObjectResult[]> {
  const [first] = singles;
  if (first === undefined) return [];
  const requestId = singles.map(({ input }) => input.requestId).join(' ');
  const objects = singles.map(({ object }) => object);
  const results = await accept(first.context, { objects }, { ...first.input, requestId });
  return results.map((result) => ({ ...result, index: 0 }));
}
