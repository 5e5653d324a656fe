/**
 * Long work in slices of a few milliseconds. The whole process does one slice at a time, and the event
 * loop turns between any two, so that other callers are answered meanwhile. Sources (organisations) take
 * slices in turn: a source with a hundred uploads delays another by one slice, not by a hundred.
 *
 * A short request makes some fifteen round trips to the database. While any of another source is under
 * way, the event loop is left to it for as long as a slice takes, so that its answers do not each wait for one.
 */
import { RoundRobin } from './round-robin.ts';

const SLICE_MS = 2;

const waiting = new RoundRobin<() => void>();
let isTurning = false;

/** The short requests under way: their number, and the number of each source. */
let shortRequests = 0;
const shortRequestsOf = new Map<string, number>();

/** Tells of a short request. The returned function ends it; calling that again has no effect. */
export function beginShortRequest(source: string): () => void {
  countShortRequests(source, 1);
  let isUnderWay = true;
  return () => {
    if (isUnderWay) countShortRequests(source, -1);
    isUnderWay = false;
  };
}

function countShortRequests(source: string, more: 1 | -1): void {
  shortRequests += more;
  const own = (shortRequestsOf.get(source) ?? 0) + more;
  if (own === 0) shortRequestsOf.delete(source);
  else shortRequestsOf.set(source, own);
}

/** Whether others than this source have short requests under way. */
export function othersAreShort(source: string): boolean {
  return shortRequests > (shortRequestsOf.get(source) ?? 0);
}

/** Until when work that does not wait for a slice may run in this turn of the event loop. */
let freeUntil: number | undefined;

/** Runs the steps of one source, slice by slice. Short work runs at once. */
export async function inSlices<T>(source: string, steps: Generator<unknown, T>): Promise<T> {
  const pace = createPace(source);
  for (;;) {
    if (pace.isOver()) await pace.next();
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The slices of one piece of work that cannot be written as steps, because it waits in between. */
export interface Pace {
  /** Whether the present slice is used up: then call `next` before you continue. */
  isOver(): boolean;
  /** Resolves when the next slice begins. */
  next(): Promise<void>;
}

/** Begins a piece of work of this source. */
export function createPace(source: string): Pace {
  let until = waiting.has(source) ? 0 : openFreeTime();
  return {
    isOver: () => performance.now() >= until,
    next: async () => {
      await nextSlice(source);
      until = performance.now() + SLICE_MS;
    },
  };
}

/** All short work of one turn of the event loop has one slice in common; what is beyond it waits. */
function openFreeTime(): number {
  if (freeUntil === undefined) {
    freeUntil = performance.now() + SLICE_MS;
    setImmediate(() => {
      freeUntil = undefined;
    });
  }
  return freeUntil;
}

function nextSlice(source: string): Promise<void> {
  return new Promise((resume) => {
    waiting.push(source, resume);
    if (isTurning) return;
    isTurning = true;
    setImmediate(turn);
  });
}

/** Lets the next source do its slice, which it finishes before the event loop continues. */
function turn(): void {
  waiting.shift()?.();
  setImmediate(goOn);
}

/** Begins the next slice, if there is any: at once, or after a rest for the sake of short requests. */
function goOn(): void {
  const source = waiting.next();
  isTurning = source !== undefined;
  if (source === undefined) return;
  if (othersAreShort(source)) setTimeout(turn, SLICE_MS);
  else turn();
}
