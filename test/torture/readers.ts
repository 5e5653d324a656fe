import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { put, withdrawal, type Ledger, type Seen } from './ledger.ts';
import type { Random } from './random.ts';

/** Where a reader reads and as whom. */
export interface Reading {
  readonly name: string;
  readonly key: string;
  readonly ledger: Ledger;
  readonly random: Random;
  /** A server that listens; undefined while none does. */
  readonly door: () => string | undefined;
  readonly stop: AbortSignal;
}

const Page = z.object({
  objects: z.array(z.looseObject({ id: z.string() })),
  withdrawn: z.array(z.string()),
  next: z.string(),
  more: z.boolean(),
});

const TIMEOUT_MS = 8000;
const PAGE_MAX = 200;

/** Asks for one page after a cursor and notes what it holds; undefined where it got none. */
export async function readPage(
  { name, key, ledger, door }: Reading,
  after: string | undefined,
  limit: number,
): Promise<{ next: string; more: boolean } | undefined> {
  const url = door();
  if (url === undefined) return undefined;
  const query = new URLSearchParams({
    limit: String(limit),
    ...(after !== undefined && { after }),
  });
  const beganMs = performance.now();
  try {
    const answer = await fetch(`${url}/api/v1/changes?${query.toString()}`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) return undefined;
    const { objects, withdrawn, next, more } = Page.parse(await answer.json());
    const seen = [...withdrawn.map(withdrawal), ...objects.map(put)];
    if (seen.length > 0) ledger.batches.push({ reader: name, id: '', beganMs, taken: true, seen });
    return { next, more };
  } catch {
    return undefined;
  }
}

/** Walks `/changes` page by page until it is stopped, continuing from its cursor whatever happens. */
export async function followChanges(reading: Reading): Promise<void> {
  const { random, stop } = reading;
  let cursor: string | undefined;
  while (!stop.aborted) {
    const page = await readPage(reading, cursor, random.between(1, PAGE_MAX));
    cursor = page?.next ?? cursor;
    if (page?.more !== true) await delay(random.between(20, 200));
  }
}

/** Walks `/changes` from the beginning to the end once; false where it did not get there. */
export async function walkChanges(reading: Reading, triesMax: number): Promise<boolean> {
  let cursor: string | undefined;
  for (let tries = 0; tries < triesMax;) {
    const page = await readPage(reading, cursor, PAGE_MAX);
    if (page === undefined) {
      tries++;
      await delay(100);
      continue;
    }
    cursor = page.next;
    if (!page.more) return true;
  }
  return false;
}

/** Follows `/stream` from a cursor, leaving and coming back with Last-Event-ID now and then. */
export async function followStream(reading: Reading, from: string): Promise<void> {
  const { random, stop } = reading;
  let lastEventId = from;
  while (!stop.aborted) {
    const patience = AbortSignal.timeout(random.between(300, 5000));
    try {
      for await (const event of events(reading, lastEventId, AbortSignal.any([patience, stop]))) {
        lastEventId = event.id ?? lastEventId;
        note(reading, event);
      }
    } catch {
      // Cut off, by them or by us: come back with what was seen last.
    }
    await delay(random.between(10, 300));
  }
}

interface StreamEvent {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: string;
}

function note({ name, ledger }: Reading, { type, data }: StreamEvent): void {
  const seen: Seen[] = [];
  if (type === 'object') seen.push(put(z.looseObject({ id: z.string() }).parse(JSON.parse(data))));
  if (type === 'withdrawn') seen.push(withdrawal(z.string().parse(JSON.parse(data))));
  if (seen.length === 0) return;
  ledger.batches.push({ reader: name, id: '', beganMs: performance.now(), taken: true, seen });
}

async function* events(
  { key, door }: Reading,
  lastEventId: string,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const url = door();
  if (url === undefined) return;
  const answer = await fetch(`${url}/api/v1/stream`, {
    headers: { authorization: `Bearer ${key}`, 'last-event-id': lastEventId },
    signal,
  });
  if (!answer.ok || answer.body === null) {
    await answer.body?.cancel();
    return;
  }
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    // What is not ended by an empty line is not an event yet (WHATWG HTML §9.2.6).
    text = blocks.pop() ?? '';
    for (const block of blocks) yield parseEvent(block);
  }
}

function parseEvent(block: string): StreamEvent {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  return { type: fields.get('event') ?? '', id: fields.get('id'), data: fields.get('data') ?? '' };
}
