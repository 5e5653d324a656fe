import { once } from 'node:events';
import { z } from 'zod';
import { Account } from './account.ts';
import { duesOf, writeActs, type Act } from './acts.ts';
import { Api } from './api.ts';
import { POSTER } from './cast.ts';
import { DemoError, type Children, type Receiver } from './children.ts';
import { versionKey } from './content.ts';
import { foundMembers, type Member } from './found.ts';
import { count, type Screen } from './screen.ts';

/** A member on the stage: how it receives and the book of what it got. */
export interface Reader {
  readonly member: Member;
  /** By webhook or by feed, whichever is its part. */
  readonly account: Account;
  readonly receiver: Receiver | undefined;
  /** Where it reads on in the feed. */
  cursor: string | undefined;
}

export interface Stage {
  readonly url: string;
  readonly api: Api;
  readonly poster: Member;
  readonly readers: readonly Reader[];
}

const Created = z.object({ secret: z.string() });
const Posted = z.object({ summary: z.object({ created: z.number(), updated: z.number() }) });
const Changes = z.object({
  objects: z.array(z.looseObject({ id: z.string(), modified: z.string().optional() })),
  withdrawn: z.array(z.string()),
  next: z.string(),
  more: z.boolean(),
});

/** Starts the server, makes the members and starts the receivers. */
export async function setUp(
  children: Children,
  screen: Screen,
  signal: AbortSignal,
): Promise<Stage> {
  screen.title('1. Set up: four organisations, two communities (allies, partnership)');
  const starting = children.startServer(signal);
  const { url, pid, dataDir } = await screen.during(
    'Tocsin',
    'creating a database and starting the server',
    starting,
  );
  screen.about('Tocsin', `${url}, process ${pid}; PostgreSQL in ${dataDir}`, 'quiet');
  const members = await screen.during(
    'Tocsin',
    'creating the organisations and their keys',
    foundMembers(dataDir),
  );
  signal.throwIfAborted();
  const api = new Api(url, AbortSignal.any([signal, children.trouble]));
  const readers: Reader[] = [];
  let poster: Member | undefined;
  for (const member of members) {
    if (member.part === 'posts') {
      poster = member;
      screen.about(member.slug, member.about);
    } else readers.push(await seat(member, api, children, screen, signal));
  }
  if (poster === undefined) throw new Error('No organisation of the cast posts');
  return { url, api, poster, readers };
}

async function seat(
  member: Member,
  api: Api,
  children: Children,
  screen: Screen,
  signal: AbortSignal,
): Promise<Reader> {
  const way = member.part === 'webhook' ? 'webhook' : 'feed';
  const account = new Account(member.slug, way);
  if (way === 'feed') {
    screen.about(member.slug, member.about);
    return { member, account, receiver: undefined, cursor: undefined };
  }
  const starting = children.startReceiver(account, signal);
  const receiver = await screen.during(member.slug, 'starting its receiver', starting);
  const url = `http://127.0.0.1:${receiver.port}/tocsin`;
  const { secret } = await api.post(member.actingKey, 'subscriptions', { url }, Created);
  receiver.trust(secret);
  screen.about(member.slug, `${member.about} (process ${receiver.pid})`);
  return { member, account, receiver, cursor: undefined };
}

/** Plays the acts; each ends when everybody has what is theirs. Rejects when the signal aborts. */
export async function play(
  stage: Stage,
  screen: Screen,
  signal: AbortSignal,
): Promise<readonly Act[]> {
  const acts = writeActs(stage.poster.identity);
  for (const [index, act] of acts.entries()) {
    screen.title(`${index + 2}. ${POSTER.slug} posts ${act.title}`);
    await playAct(stage, act, screen, signal);
  }
  return acts;
}

async function playAct(stage: Stage, act: Act, screen: Screen, signal: AbortSignal): Promise<void> {
  const pushed = stage.readers.filter(({ receiver }) => receiver !== undefined);
  for (const { member, account } of pushed) account.expect(duesOf(act, member.slug));
  const arrivals = pushed.map((reader) => arrival(reader, act, screen, signal));
  // Where the post itself fails, nobody is left to hear what the waiting came to.
  const arrived = Promise.allSettled(arrivals);
  const { answeredAtMs, tookMs } = await post(stage, act);
  screen.about(POSTER.slug, `accepted, answered in ${tookMs} ms`, 'quiet');
  await arrived;
  signal.throwIfAborted();
  for (const reader of stage.readers) {
    if (reader.receiver !== undefined) {
      report(reader, act, screen, answeredAtMs);
      continue;
    }
    reader.account.expect(duesOf(act, reader.member.slug));
    report(reader, act, screen, answeredAtMs, await pull(stage.api, reader));
  }
}

/** Posts the act; answers when that was answered, ms since 1970. */
async function post({ api, poster }: Stage, act: Act) {
  const objects = act.shared.map(({ indicator }) => indicator);
  const startMs = performance.now();
  const path = `bundles?audience=${act.audience.join(',')}`;
  const bundle = { type: 'bundle', id: 'bundle--00000000-0000-4000-8000-000000000001', objects };
  const { summary } = await api.post(poster.actingKey, path, bundle, Posted);
  const answeredAtMs = Date.now();
  if (summary.created + summary.updated !== objects.length) {
    throw new DemoError(
      `Of ${objects.length} objects, not all were taken: ${JSON.stringify(summary)}`,
    );
  }
  return { answeredAtMs, tookMs: Math.round(performance.now() - startMs) };
}

/** Waits until a receiver has verified all that is its organisation's of this act. */
async function arrival(
  { member, account, receiver }: Reader,
  act: Act,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const dues = duesOf(act, member.slug);
  for (;;) {
    const there = account.countOf(dues);
    if (receiver === undefined || there === dues.length) return;
    if (dues.length > 1) screen.progress(member.slug, there, dues.length);
    await once(receiver.reports, 'report', { signal });
  }
}

/** Reads the feed on to its end, as an analyst does; answers how long that took, in ms. */
export async function pull(api: Api, reader: Reader): Promise<number> {
  const startMs = performance.now();
  for (let more = true; more;) {
    const after: string = reader.cursor === undefined ? '' : `&after=${reader.cursor}`;
    const page = await api.get(reader.member.analystKey, `changes?limit=1000${after}`, Changes);
    const versions = page.objects.map(versionKey);
    reader.account.receive({ versions, withdrawn: page.withdrawn, atMs: Date.now() });
    reader.cursor = page.next;
    more = page.more;
  }
  return Math.round(performance.now() - startMs);
}

function report(
  { member, account }: Reader,
  act: Act,
  screen: Screen,
  sinceMs: number,
  pullMs?: number,
): void {
  const dues = duesOf(act, member.slug);
  const because = act.because.get(member.slug);
  const leaks = account.countOf(act.shared.map(({ indicator }) => versionKey(indicator)));
  if (leaks > dues.length) {
    screen.about(member.slug, `got ${leaks - dues.length} that it should NOT have got`, 'bad');
  } else if (dues.length === 0) {
    screen.about(member.slug, `nothing, rightly: ${because ?? 'it is not for it'}`, 'spared');
  }
  if (dues.length === 0) return;
  const { p50Ms, p99Ms, lastMs } = account.timed(dues, sinceMs);
  const times =
    dues.length === 1 ? `after ${lastMs} ms` : `p50 ${p50Ms}, p99 ${p99Ms}, last ${lastMs} ms`;
  const how = pullMs === undefined ? `by webhook, verified: ${times}` : `pulled in ${pullMs} ms`;
  const [got, due] = [account.countOf(dues), dues.length];
  const isWhole = got === due;
  const text = `${isWhole ? count(got) : `only ${count(got)} of ${count(due)}`} ${how}`;
  screen.about(member.slug, text, isWhole ? 'good' : 'bad');
  if (because !== undefined) screen.about('', `not the rest, rightly: ${because}`, 'spared');
}
