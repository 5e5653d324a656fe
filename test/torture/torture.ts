import { setTimeout as delay } from 'node:timers/promises';
import { MEMBERS } from './alliance.ts';
import { inflictFaults, type Kills } from './faults.ts';
import { launchFleet, type Fleet } from './fleet.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { judge, type Verdict } from './oracle.ts';
import { createRandom, type Random } from './random.ts';
import { followChanges, followStream, readPage, walkChanges, type Reading } from './readers.ts';
import type { Receiver } from './receiver.ts';
import { withOwner } from './sequencing.ts';
import { raiseStage, type Stage } from './stage.ts';
import { subscribe } from './subscribers.ts';
import { write } from './writer.ts';

export interface TortureOptions {
  readonly seconds: number;
  readonly seed: number;
  /** How long it may take, after the faults, until everything has arrived. */
  readonly quietSeconds: number;
  /** Where the processes' logs go and stay; with the rest of the files where undefined. */
  readonly logDirectory?: string | undefined;
  readonly tell: (what: string) => void;
  readonly interrupt: AbortSignal;
}

export interface Outcome extends Verdict {
  readonly kills: Kills;
  readonly seed: number;
  /** How long there were faults. */
  readonly seconds: number;
  /** How long it took from the last fault until everything had arrived. */
  readonly quietAfterSeconds: number;
  /** Processes that did not leave in order at the end, and walks that did not come to theirs. */
  readonly stuck: readonly string[];
}

const SHARERS = ['cert-a', 'cert-a', 'cert-b', 'cert-b', 'agency-c'] as const;
const UP_MS = 60_000;
/** How long a stream may hold a page that it has read. */
const STREAM_HOLD_MS = 1500;

/** One run: faults for a while, then quiet, then the verdict. Leaves no process and no file. */
export async function torture(options: TortureOptions): Promise<Outcome> {
  const stage = await raiseStage(options.tell);
  try {
    return await onStage(stage, options);
  } finally {
    await stage.strike();
  }
}

async function onStage(stage: Stage, options: TortureOptions): Promise<Outcome> {
  const { logDirectory = `${stage.directory}/logs` } = options;
  const fleet = await launchFleet(stage, { http: 2, worker: 2 }, logDirectory);
  const receivers: Receiver[] = [];
  const abandon = (): void => fleet.abandon();
  options.interrupt.addEventListener('abort', abandon);
  try {
    const outcome = await play({ stage, fleet, receivers, options });
    const stayed = await fleet.stop();
    const stuck = [...outcome.stuck, ...stayed.map((name) => `${name} did not stop`)];
    return { ...outcome, stuck };
  } finally {
    options.interrupt.removeEventListener('abort', abandon);
    fleet.abandon();
    await fleet.stop();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  }
}

interface Play {
  readonly stage: Stage;
  readonly fleet: Fleet;
  readonly receivers: Receiver[];
  readonly options: TortureOptions;
}

async function play({ stage, fleet, receivers, options }: Play): Promise<Outcome> {
  const { seconds, seed, quietSeconds, tell, interrupt } = options;
  const ledger = createLedger();
  const random = createRandom(seed);
  if (!(await fleet.up(UP_MS))) throw new Error('The servers did not start');
  const door = (name: string) => {
    const choices = random.fork(`${name} doors`);
    return () => fleet.door((urls) => choices.pick(urls));
  };
  receivers.push(...(await subscribe({ stage, ledger, random, door: door('subscribe') })));
  const noMore = AbortSignal.any([AbortSignal.timeout(seconds * 1000), interrupt]);
  const end = new AbortController();
  const giveUp = new AbortController();
  const pulling = await startReaders(stage, ledger, random, door, end.signal);
  const writing = SHARERS.map((sharer, i) => {
    const name = `${sharer}-${i + 1}`;
    return write({
      name,
      sharer,
      key: stage.key(sharer, 'publisher'),
      ledger,
      random: random.fork(name),
      door: door(name),
      stop: noMore,
      giveUp: AbortSignal.any([giveUp.signal, interrupt]),
    });
  });
  const faulting = { stage, fleet, ledger, random: random.fork('faults'), stop: noMore, tell };
  const kills = await inflictFaults(faulting);
  for (const receiver of receivers) receiver.behave('good');
  const healedMs = performance.now();
  tell('no more faults');
  const patience = setTimeout(() => giveUp.abort(), quietSeconds * 500);
  const up = await fleet.up(UP_MS);
  await Promise.all(writing);
  clearTimeout(patience);
  if (interrupt.aborted) {
    end.abort();
    await Promise.all(pulling);
    interrupt.throwIfAborted();
  }
  await untilQuiet(stage, ledger, healedMs + quietSeconds * 1000, options);
  const quietAfterSeconds = (performance.now() - healedMs) / 1000;
  end.abort();
  await Promise.all(pulling);
  const unread = await walkAll(stage, ledger, random, door);
  const verdict = judge(ledger, await storedKeys(stage, ledger));
  const stuck = [...unread, ...(up ? [] : ['a server did not come up again'])];
  return { ...verdict, kills, seed, seconds, quietAfterSeconds, stuck };
}

type Door = (name: string) => () => string | undefined;

/** A reader of pages and one of the stream for each member, from the beginning. */
async function startReaders(
  stage: Stage,
  ledger: Ledger,
  random: Random,
  door: Door,
  stop: AbortSignal,
): Promise<Promise<void>[]> {
  const reading: Promise<void>[] = [];
  for (const { slug } of MEMBERS) {
    const [pull, stream] = (['changes', 'stream'] as const).map((kind): Reading => {
      const name = `${kind} of ${slug}`;
      const holdMs = kind === 'stream' ? STREAM_HOLD_MS : 0;
      ledger.readers.set(name, { name, organisation: slug, door: kind, holdMs });
      const key = stage.key(slug, 'feed');
      return { name, key, ledger, random: random.fork(name), door: door(name), stop };
    });
    if (pull === undefined || stream === undefined) continue;
    const beginning = await readPage(pull, undefined, 1);
    if (beginning === undefined) throw new Error('The empty log could not be read');
    reading.push(followChanges(pull), followStream(stream, beginning.next));
  }
  return reading;
}

/** Waits until nothing is missing and nothing arrives any more, or the time has passed. */
async function untilQuiet(
  stage: Stage,
  ledger: Ledger,
  deadlineMs: number,
  { tell, interrupt }: TortureOptions,
): Promise<void> {
  let batches = -1;
  while (performance.now() < deadlineMs && !interrupt.aborted) {
    const { lost, skipped } = judge(ledger, await storedKeys(stage, ledger));
    const missing = lost.length + skipped.length;
    if (missing === 0 && ledger.batches.length === batches) return;
    batches = ledger.batches.length;
    tell(`waiting: ${missing} missing`);
    await delay(1000);
  }
}

/** Every member reads everything once more, from the beginning: what is visible now. */
async function walkAll(
  stage: Stage,
  ledger: Ledger,
  random: Random,
  door: Door,
): Promise<string[]> {
  const stop = new AbortController().signal;
  const unread: string[] = [];
  for (const { slug } of MEMBERS) {
    const name = `walk of ${slug}`;
    ledger.readers.set(name, { name, organisation: slug, door: 'changes', holdMs: 0 });
    const key = stage.key(slug, 'feed');
    const reading = { name, key, ledger, random: random.fork(name), door: door(name), stop };
    if (!(await walkChanges(reading, 20))) unread.push(`${name} did not come to its end`);
  }
  return unread;
}

/** The keys of what the database holds. */
async function storedKeys(stage: Stage, ledger: Ledger): Promise<Set<string>> {
  for (let tries = 0; tries < 100; tries++) {
    const rows = await withOwner(stage.url, async (client) => {
      const { rows } = await client.query<{ key: string }>(
        `select concat(stix_id, ' ', content::json ->> 'modified', ' ', content::json ->> 'name')
           as key from version`,
      );
      return rows;
    });
    if (rows !== undefined) return new Set(rows.map(({ key }) => key));
    await delay(200);
  }
  throw new Error(`The database did not come back; ${ledger.posted.size} versions were posted`);
}
