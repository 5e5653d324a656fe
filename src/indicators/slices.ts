/**
 * Long work in slices of a few milliseconds. In the whole process one slice is done at a time, and
 * the event loop turns between any two: whatever is under way, other callers are answered meanwhile.
 */
import type { Steps } from '../stix/steps.ts';

const SLICE_MS = 5;

const waiting: (() => void)[] = [];
let isTurning = false;

/** Does the steps, slice by slice. What is short waits for nobody. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  if (waiting.length > 0) await nextTurn();
  let end = performance.now() + SLICE_MS;
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + SLICE_MS;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resume) => {
    waiting.push(resume);
    if (isTurning) return;
    isTurning = true;
    setImmediate(turn);
  });
}

/** Lets the next one do its slice, which it has done before the event loop goes on. */
function turn(): void {
  waiting.shift()?.();
  isTurning = waiting.length > 0;
  if (isTurning) setImmediate(turn);
}
