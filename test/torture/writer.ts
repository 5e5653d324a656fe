import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { planRequest, type ObjectState, type Planned } from './requests.ts';

export interface Writing {
  readonly name: string;
  readonly sharer: string;
  readonly key: string;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly door: () => string | undefined;
  /** No new request after this. */
  readonly stop: AbortSignal;
  /** A request that has no answer yet is not tried again after this. */
  readonly giveUp: AbortSignal;
}

const TAKEN = new Set(['created', 'updated', 'unchanged']);
const TIMEOUT_MS = 8000;
const Result = z.object({ index: z.number(), outcome: z.string(), code: z.string().optional() });
const Bundle = z.object({ results: z.array(Result) });
type Result = z.infer<typeof Result>;

/** What a server answered. */
type Answer = { readonly status: number; readonly results: readonly Result[] };

/**
 * Shares made-up objects, request after request, and notes what was answered. What was not
 * answered is mostly tried again, as a client does; some of it is left as it is, never to be
 * touched again, to see later whether it is in whole or not at all.
 */
export async function write(writing: Writing): Promise<void> {
  const { name, sharer, ledger, random, stop } = writing;
  const objects = new Map<string, ObjectState>();
  while (!stop.aborted) {
    const planned = planRequest({ sharer, writer: name, random, objects });
    for (const { posted } of planned.parts) ledger.posted.set(posted.key, posted);
    const answered = await carry(writing, planned);
    for (const [id, state] of planned.after) {
      if (answered === 'taken') objects.set(id, state);
      else if (answered === 'unknown') objects.delete(id);
    }
    await delay(random.between(5, 120));
  }
}

async function carry(writing: Writing, planned: Planned): Promise<'taken' | 'refused' | 'unknown'> {
  const { ledger, random, giveUp } = writing;
  for (let attempt = 1; ; attempt++) {
    const answer = await post(writing, planned);
    if (answer !== undefined) {
      const taken = note(ledger, planned, answer, attempt);
      return taken ? 'taken' : 'refused';
    }
    if (giveUp.aborted || (attempt === 1 && random.chance(0.25))) return 'unknown';
    await delay(random.between(50, 400));
  }
}

/** Sends it once; undefined where there is no answer, so that nobody knows what came of it. */
async function post({ key, random, door }: Writing, planned: Planned): Promise<Answer | undefined> {
  const url = door();
  if (url === undefined) return undefined;
  const lines = planned.kind === 'lines';
  // Now and then the client itself hangs up, at whatever moment that is for the server.
  const timeoutMs = random.chance(0.03) ? random.between(1, 40) : TIMEOUT_MS;
  try {
    const answer = await fetch(url + planned.path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': lines ? 'application/x-ndjson' : 'application/json',
      },
      body: planned.body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await answer.json();
    if (answer.status >= 500) return undefined;
    return { status: answer.status, results: resultsOf(planned, answer.status, body) };
  } catch {
    return undefined;
  }
}

function resultsOf({ kind }: Planned, status: number, body: unknown): Result[] {
  if (kind !== 'single') return Bundle.safeParse(body).data?.results ?? [];
  const result = Result.safeParse(body).data;
  return result === undefined ? [{ index: 0, outcome: `status ${status}` }] : [result];
}

/** Enters what was answered; whether the request was taken, that is, changed what is kept. */
function note(ledger: Ledger, planned: Planned, answer: Answer, attempt: number): boolean {
  const { parts } = planned;
  const answeredMs = performance.now();
  const outcomes = new Map(answer.results.map(({ index, outcome }) => [index, outcome]));
  const keeps = mustKeep(planned);
  const fresh = new Set<boolean>();
  for (const [index, { posted, good }] of parts.entries()) {
    const outcome = outcomes.get(index) ?? 'none';
    const taken = TAKEN.has(outcome);
    posted.fate = taken && keeps ? 'accepted' : 'refused';
    posted.answeredMs = answeredMs;
    if (!keeps || !good) continue;
    fresh.add(outcome !== 'unchanged');
    if (!taken || (attempt === 1 && outcome === 'unchanged')) {
      ledger.halfDone.push(`${posted.key}: answered ${answer.status} ${outcome}`);
    }
  }
  // A request that is tried again finds all of it done before, or nothing.
  if (fresh.size > 1) ledger.halfDone.push(`request ${parts[0]?.posted.request}: done in part`);
  return keeps;
}

/** Whether what is good in the request is to be kept. */
function mustKeep({ kind, parts }: Planned): boolean {
  const aborts = (kind === 'atomic' || kind === 'lines') && parts.some(({ good }) => !good);
  return !aborts && kind !== 'dry_run';
}
