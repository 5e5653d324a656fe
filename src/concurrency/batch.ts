/**
 * Puts questions that are asked at the same time together. While one batch is under way, the questions that
 * come meanwhile wait for it and go next, all in one statement: a busy server needs fewer round trips and
 * commits the busier it is, and an idle one waits for nobody.
 */

/** Asks `target`, such as a database. The answers have the order of what was asked. */
type AskTogether<Target, Asked, Answer> = (
  target: Target,
  asked: readonly Asked[],
) => Promise<readonly Answer[]>;

interface BatchOptions<Asked> {
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
 * put to the target after the call: no answer is older than its question.
 */
export function batched<Target extends object, Asked, Answer>(
  askTogether: AskTogether<Target, Asked, Answer>,
  { max, keyOf = () => '' }: BatchOptions<Asked>,
): (target: Target, asked: Asked) => Promise<Answer> {
  const queues = new WeakMap<Target, Map<string, Waiting<Asked, Answer>[]>>();

  /** Never rejects. `done` is called in the same breath as the queue is found empty. */
  const drain = async (
    target: Target,
    queue: Waiting<Asked, Answer>[],
    done: () => void,
  ): Promise<void> => {
    // What comes in the same turn of the event loop goes along.
    await new Promise((resume) => setImmediate(resume));
    while (queue.length > 0) {
      const some = queue.splice(0, max);
      try {
        const answers = await askTogether(
          target,
          some.map(({ asked }) => asked),
        );
        some.forEach(({ resolve }, i) => resolve(answers[i] as Answer));
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    done();
  };

  return (target, asked) =>
    new Promise((resolve, reject) => {
      const ofTarget = queues.get(target) ?? new Map<string, Waiting<Asked, Answer>[]>();
      queues.set(target, ofTarget);
      const key = keyOf(asked);
      const waiting = { asked, resolve, reject };
      const queue = ofTarget.get(key);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const fresh = [waiting];
      ofTarget.set(key, fresh);
      void drain(target, fresh, () => ofTarget.delete(key));
    });
}
