import type { Clock } from '../clock.ts';
import type { Database } from '../store/postgres/database.ts';
import { gather } from '../store/postgres/gather.ts';
import { accept, type AcceptContext, type AcceptRequest } from './accept.ts';
import type { ObjectResult } from './results.ts';

/** One object of a request of its own. */
interface Single {
  readonly clock: Clock;
  readonly quotas: AcceptContext['quotas'];
  readonly onAccepted: AcceptContext['onAccepted'];
  readonly object: unknown;
  readonly request: AcceptRequest;
}

const TOGETHER_MAX = 50;

const takeTogether = gather(takeAll, {
  max: TOGETHER_MAX,
  // Who may do other things, or shares with others, has a transaction of its own.
  keyOf: ({ request: { requestId: _, ...terms } }: Single) => JSON.stringify(terms),
});

/**
 * Accepts one object. Those that one key shares with one audience at the same time are kept in one
 * transaction, which is what a producer that posts one by one over many connections lives on.
 */
export function acceptOne(
  { db, clock, quotas, onAccepted }: AcceptContext,
  object: unknown,
  request: AcceptRequest,
): Promise<ObjectResult> {
  return takeTogether(db, { clock, quotas, onAccepted, object, request });
}

async function takeAll(db: Database, singles: readonly Single[]): Promise<ObjectResult[]> {
  try {
    return await take(db, singles);
  } catch (error) {
    // One request's trouble is not to be another's: each for itself.
    if (singles.length === 1) throw error;
    return (await Promise.all(singles.map((single) => take(db, [single])))).flat();
  }
}

async function take(db: Database, singles: readonly Single[]): Promise<ObjectResult[]> {
  const [first] = singles;
  if (first === undefined) return [];
  const requestIds = singles.map(({ request }) => request.requestId).join(' ');
  const objects = singles.map(({ object }) => object);
  const results = await accept({ ...first, db }, objects, {
    ...first.request,
    requestId: requestIds,
  });
  return results.map((result) => ({ ...result, index: 0 }));
}
