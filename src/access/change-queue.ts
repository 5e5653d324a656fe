/**
 * Changes of membership wait for one another in the database, and each that waits there has a connection,
 * which signing in and authentication need, too. So a process lets one at a time go to the database, and
 * takes the organisations in turn: none of them fills the queue of the others.
 */
import { Problem } from '../errors.ts';
import type { Database } from '../store/postgres/database.ts';
import { createSemaphore, type Semaphore } from '../concurrency/semaphore.ts';

/** Changes of one organisation that may wait; those beyond are answered 503. */
const WAITING_MAX = 50;

interface Queue {
  readonly all: Semaphore;
  /** By the id of the organisation; 0 is the operator. */
  readonly own: Map<number, Semaphore>;
}

const queues = new WeakMap<Database, Queue>();

/** Runs a change when it is its turn. Throws Problem not_ready where too many of its organisation wait. */
export function inTurn<T>(
  db: Database,
  organisationId: number,
  work: () => Promise<T>,
): Promise<T> {
  const { all, own } = queueOf(db);
  let semaphore = own.get(organisationId);
  if (semaphore === undefined) {
    semaphore = createSemaphore({ running: 1, waiting: WAITING_MAX });
    own.set(organisationId, semaphore);
  }
  return semaphore(() => all(work, full), full);
}

function queueOf(db: Database): Queue {
  let queue = queues.get(db);
  if (queue === undefined) {
    queue = { all: createSemaphore({ running: 1, waiting: Infinity }), own: new Map() };
    queues.set(db, queue);
  }
  return queue;
}

function full(): Problem {
  return new Problem(
    'not_ready',
    'Too many changes of this organisation are waiting. Try again later',
  );
}
