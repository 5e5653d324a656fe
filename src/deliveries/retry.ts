/**
 * What follows an attempt at a delivery. Pure: time and chance are arguments.
 *
 * | outcome                                        | next step                                                    |
 * | ---------------------------------------------- | ------------------------------------------------------------ |
 * | 2xx                                            | delivered                                                    |
 * | 410                                            | disable (`gone`): the receiver asks for no more               |
 * | 413, several objects                           | split: half of the batch is tried at once                    |
 * | 413, one object                                | dead letter: it will never be smaller                        |
 * | 400 or 422, the third time, several objects    | split: some object in it is refused for what it is           |
 * | 400 or 422, the third time, one object         | dead letter                                                  |
 * | anything else, failing for 120 h               | disable (`failing`)                                          |
 * | 429 or 503 with Retry-After                    | retry when asked to, never sooner than without, at most 1 h   |
 * | anything else: 3xx (not followed), 4xx (a wrong | retry                                                       |
 * | path or key is an outage), 5xx, no answer      |                                                              |
 *
 * The n-th retry waits between half and all of 1 s · 2ⁿ⁻¹, at most 1 h: the half keeps a failing receiver from
 * being hammered, the chance keeps many subscribers of one receiver from coming back together.
 */

const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;
const GIVE_UP_AFTER_MS = 120 * 3_600_000;
const REFUSALS_BEFORE_BLAME = 3;

/** The receiver's status, with its Retry-After header where it sent one, or the code of a failure without answer. */
export type Outcome = { status: number; retryAfter?: string | undefined } | { code: string };

export interface Attempted {
  outcome: Outcome;
  /** Objects in the batch that was sent. */
  objects: number;
  /** Failures in a row before this attempt, whatever they were. */
  failures: number;
  /** Refusals by 400 or 422 of this very batch in a row, before this attempt. */
  refusals: number;
  /** When the first of the failures in a row happened, in ms since 1970; undefined where there was none. */
  failingSinceMs: number | undefined;
  nowMs: number;
  /** In [0, 1), as Math.random gives it. */
  random: number;
}

export type NextStep =
  | { kind: 'delivered' }
  /** Nothing is sent before `atMs` (ms since 1970). */
  | { kind: 'retry'; atMs: number }
  | { kind: 'split' }
  | { kind: 'dead_letter' }
  | { kind: 'disable'; reason: 'gone' | 'failing' };

export function nextStep(attempted: Attempted): NextStep {
  const { outcome, objects, failingSinceMs, nowMs } = attempted;
  const status = 'status' in outcome ? outcome.status : 0;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'disable', reason: 'gone' };
  if (status === 413 || isRefusedForGood(status, attempted.refusals)) {
    return { kind: objects > 1 ? 'split' : 'dead_letter' };
  }
  if (failingSinceMs !== undefined && nowMs - failingSinceMs >= GIVE_UP_AFTER_MS) {
    return { kind: 'disable', reason: 'failing' };
  }
  return { kind: 'retry', atMs: nowMs + delayMs(attempted) };
}

/** Whether an outcome counts as a refusal of what was sent, for `refusals`. */
export function isContentRefused(outcome: Outcome): boolean {
  return 'status' in outcome && (outcome.status === 400 || outcome.status === 422);
}

function isRefusedForGood(status: number, refusals: number): boolean {
  return isContentRefused({ status }) && refusals + 1 >= REFUSALS_BEFORE_BLAME;
}

function delayMs({ outcome, failures, nowMs, random }: Attempted): number {
  // 2¹² s is past the limit; a larger power would only overflow.
  const ceilingMs = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(failures, 12));
  const backoffMs = Math.round((ceilingMs / 2) * (1 + random));
  const askedMs = askedDelayMs(outcome, nowMs);
  return Math.min(RETRY_MAX_MS, Math.max(backoffMs, askedMs));
}

/** RFC 9110 §10.2.3: seconds or an HTTP date. 0 where nothing, or nothing readable, was asked. */
function askedDelayMs(outcome: Outcome, nowMs: number): number {
  if (!('status' in outcome) || (outcome.status !== 429 && outcome.status !== 503)) return 0;
  const text = outcome.retryAfter?.trim() ?? '';
  if (/^\d{1,10}$/u.test(text)) return Number(text) * 1_000;
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w :-]+$/u.test(text)) return 0;
  // The oldest of the three forms of an HTTP date names no zone; it is GMT all the same (RFC 9110 §5.6.7).
  const atMs = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}
