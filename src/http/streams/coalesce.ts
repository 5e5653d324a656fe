/** Answers in common for callers that want the same thing at the same time. */

const ignore = (): void => undefined;

/**
 * Turns `work` into a function whose callers share one run if they ask for the same key before it
 * starts. A caller that comes while a run is under way waits for it and shares the next, so no
 * answer is older than its question. `work` receives the number of callers that share its answer.
 */
export function coalesce<Asked, Answer>(
  keyOf: (asked: Asked) => string,
  work: (asked: Asked, callers: number) => Promise<Answer>,
): (asked: Asked) => Promise<Answer> {
  const waiting = new Map<string, { callers: number; readonly answer: Promise<Answer> }>();
  const running = new Map<string, Promise<void>>();

  /** Never rejects. Only one run of a key is under way at a time. */
  const end = async (key: string, answer: Promise<Answer>): Promise<void> => {
    await answer.then(ignore, ignore);
    running.delete(key);
  };
  const run = async (key: string, asked: Asked): Promise<Answer> => {
    // Callers in the same turn of the event loop share the run even if none is under way.
    await (running.get(key) ?? new Promise((resume) => setImmediate(resume)));
    const callers = waiting.get(key)?.callers ?? 1;
    waiting.delete(key);
    const answer = work(asked, callers);
    running.set(key, end(key, answer));
    return answer;
  };
  return (asked) => {
    const key = keyOf(asked);
    const joined = waiting.get(key);
    if (joined !== undefined) {
      joined.callers += 1;
      return joined.answer;
    }
    const answer = run(key, asked);
    waiting.set(key, { callers: 1, answer });
    return answer;
  };
}
