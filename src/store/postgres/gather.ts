/**
 * Asking together what is asked at once. While one asking is under way, those that come meanwhile
 * wait for it and go next, all in one statement: a busy server needs fewer round trips and commits
 * the busier it is, and an idle one waits for nobody.
 */
import type { Database } from './database.ts';

/** Answers in the order of what was asked. */
export type AskTogether<Asked, Answer> = (
  db: Database,
  asked: readonly Asked[],
) => Promise<readonly Answer[]>;

export interface Gathering<Asked> {
  /** At most so many at once. */
  readonly max: number;
  /** What has different keys is never asked together, nor waits for one another. */
  readonly keyOf?: (asked: Asked) => string;
}

interface Waiting<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns a function that answers many into one that is called for each. What is asked is always
 * put to the database after the call: no answer is older than its question.
 */
export function gather<Asked, Answer>(
  askTogether: AskTogether<Asked, Answer>,
  { max, keyOf = () => '' }: Gathering<Asked>,
): (db: Database, asked: Asked) => Promise<Answer> {
  const queues = new WeakMap<Database, Map<string, Waiting<Asked, Answer>[]>>();

  /** Never rejects. `done` is called in the same breath as the queue is found empty. */
  const drain = async (
    db: Database,
    queue: Waiting<Asked, Answer>[],
    done: () => void,
  ): Promise<void> => {
    // What comes in the same turn of the event loop goes along.
    await new Promise((resume) => setImmediate(resume));
    while (queue.length > 0) {
      const some = queue.splice(0, max);
      try {
        const answers = await askTogether(
          db,
          some.map(({ asked }) => asked),
        );
        some.forEach(({ resolve }, i) => resolve(answers[i] as Answer));
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    done();
  };

  return (db, asked) =>
    new Promise((resolve, reject) => {
      const ofDatabase = queues.get(db) ?? new Map<string, Waiting<Asked, Answer>[]>();
      queues.set(db, ofDatabase);
      const key = keyOf(asked);
      const waiting = { asked, resolve, reject };
      const queue = ofDatabase.get(key);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const fresh = [waiting];
      ofDatabase.set(key, fresh);
      void drain(db, fresh, () => ofDatabase.delete(key));
    });
}
