/**
 * One server with a small heap, a member that behaves well, and every kind of abuse in turn: how the
 * well-behaved member fares, whether the server lives, what it holds, and whether anything is lost.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createRandom } from '../random.ts';
import { raiseStage, type Stage } from '../stage.ts';
import type { Orders } from './attacker.ts';
import { CASES } from './cases.ts';
import { bundleOf } from './documents.ts';
import { p99Within } from './figures.ts';
import { listenForWebhooks, type Inbox } from './inbox.ts';
import { startAttacked, type AttackedServer } from './server.ts';
import { behaveWell, type WellBehaved } from './well-behaved.ts';

export interface AbuseOptions {
  /** How long all the cases take together; preparation and the quiet part come on top. */
  readonly seconds: number;
  readonly seed: number;
  /** Only these cases; all where undefined. */
  readonly only?: readonly string[] | undefined;
  /** What the run itself does to the server in the middle, to prove that it notices. */
  readonly control?: Control | undefined;
  readonly logDirectory?: string | undefined;
  readonly tell: (what: string) => void;
}

export type Control = (server: AttackedServer) => void;

export interface CaseFigures {
  readonly p99Ms: number;
  /** Attempts of the well-behaved member that did not succeed. */
  readonly failures: number;
  /** How often the attacker was answered with which status; 0 is a connection cut off. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface AbuseOutcome {
  readonly died: number;
  /** Objects that were answered `created` and did not reach the subscriber and the reader. */
  readonly lost: number;
  readonly memoryMaxMb: number;
  readonly quietP99Ms: number;
  readonly p99Ms: number;
  readonly p99Ratio: number;
  readonly accepted: number;
  readonly seed: number;
  readonly cases: Readonly<Record<string, CaseFigures>>;
}

const PRELOADED = 10_000;
const PRELOAD_BUNDLE = 2500;
const QUIET_SHARE = 0.15;
const QUIET_MIN_MS = 8000;
/** Between two cases the server settles, so that one case is not measured in the next. */
const SETTLE_MS = 500;
const ARRIVE_MS = 60_000;
const ATTACKER = fileURLToPath(new URL('./attacker.ts', import.meta.url));

/** One run. Leaves no process and no file but the log. */
export async function abuse(options: AbuseOptions): Promise<AbuseOutcome> {
  const stage = await raiseStage(options.tell);
  try {
    const { logDirectory = `${stage.directory}/logs` } = options;
    const server = await startAttacked(stage, logDirectory);
    const inbox = await listenForWebhooks();
    try {
      return await play({ stage, server, inbox, options });
    } finally {
      await server.stop();
      await inbox.close();
    }
  } finally {
    await stage.strike();
  }
}

interface Play {
  readonly stage: Stage;
  readonly server: AttackedServer;
  readonly inbox: Inbox;
  readonly options: AbuseOptions;
}

async function play(staged: Play): Promise<AbuseOutcome> {
  const { stage, server, inbox, options } = staged;
  const { seconds, seed, tell } = options;
  await preload(stage, server.url, seed);
  await inbox.subscribe(server.url, stage.key('cert-b', 'org_admin'));
  const member = behaveWell(stage, server.url, seed);
  const quietFromMs = performance.now();
  await delay(Math.max(QUIET_MIN_MS, seconds * 1000 * QUIET_SHARE));
  const quietP99Ms = Math.max(1, p99Within(member.samples, quietFromMs, performance.now()));
  tell(`quiet: p99 ${quietP99Ms} ms`);
  const attackedFromMs = performance.now();
  const cases = await attackInTurn(staged, member);
  await member.finish();
  const p99Ms = p99Within(member.samples, attackedFromMs, performance.now());
  const died = server.died();
  return {
    died,
    lost: died > 0 ? member.accepted.size : await countLost(member, inbox),
    memoryMaxMb: server.memoryMaxMb(),
    quietP99Ms,
    p99Ms,
    p99Ratio: Math.round((p99Ms / quietP99Ms) * 100) / 100,
    accepted: member.accepted.size,
    seed,
    cases,
  };
}

/** What the log holds before: enough for a page that is worth not reading. */
async function preload(stage: Stage, url: string, seed: number): Promise<void> {
  const random = createRandom(seed).fork('preload');
  for (let done = 0; done < PRELOADED; done += PRELOAD_BUNDLE) {
    const ids = Array.from({ length: PRELOAD_BUNDLE }, () => `indicator--${random.uuid()}`);
    const answer = await fetch(`${url}/api/v1/bundles`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.key('cert-a', 'publisher')}`,
        'content-type': 'application/json',
      },
      body: bundleOf(ids, 1),
    });
    if (!answer.ok) throw new Error(`Preload failed: ${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
  }
}

async function attackInTurn(
  { stage, server, options }: Play,
  member: WellBehaved,
): Promise<Record<string, CaseFigures>> {
  const { seconds, seed, only, control, tell } = options;
  const names = Object.keys(CASES).filter((name) => only?.includes(name) ?? true);
  const ms = Math.round((seconds * 1000) / names.length);
  const { hostname: host, port } = new URL(server.url);
  const keys = {
    feed: stage.key('agency-c', 'feed'),
    publisher: stage.key('agency-c', 'publisher'),
    org_admin: stage.key('agency-c', 'org_admin'),
  };
  const spans: { name: string; fromMs: number; toMs: number; answers: Answers }[] = [];
  for (const [index, name] of names.entries()) {
    if (server.died() > 0) break;
    const fromMs = performance.now();
    if (index === Math.floor(names.length / 2)) control?.(server);
    const answers = await attackOnce({ name, host, port: Number(port), keys, seed, ms });
    await delay(SETTLE_MS);
    spans.push({ name, fromMs, toMs: performance.now(), answers });
    tell(`${name}: ${JSON.stringify(answers)}, memory ${server.memoryMaxMb()} MB`);
  }
  // What was due during a case may be answered long after it.
  await member.finish();
  const figures = spans.map(({ name, fromMs, toMs, answers }) => {
    const due = member.samples.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs);
    const failures = due.reduce((sum, sample) => sum + sample.failures, 0);
    return [name, { p99Ms: p99Within(due, fromMs, toMs), failures, answers }] as const;
  });
  return Object.fromEntries(figures);
}

const Answers = z.record(z.string(), z.number());
type Answers = z.infer<typeof Answers>;

async function attackOnce(orders: Orders): Promise<Answers> {
  const child = spawn(process.execPath, [ATTACKER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const left = once(child, 'exit');
  child.stdin.end(JSON.stringify(orders));
  const said = await text(child.stdout);
  await left;
  return Answers.parse(JSON.parse(said));
}

/** How much of what was accepted neither subscriber nor reader has, after time to arrive. */
async function countLost(member: WellBehaved, inbox: Inbox): Promise<number> {
  const deadline = performance.now() + ARRIVE_MS;
  const missing = (): string[] => [...member.accepted].filter((id) => !inbox.has(id));
  while (missing().length > 0 && performance.now() < deadline) await delay(100);
  const unread = [...member.accepted].filter(
    (
      (ids) => (id: string) =>
        !ids.has(id)
    )(await member.readBack()),
  );
  return new Set([...missing(), ...unread]).size;
}
