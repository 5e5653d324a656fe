/** A member that does what members do, at a steady pace, while others attack; and how it fares. */
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { z } from 'zod';
import { createRandom, type Random } from '../random.ts';
import { objectOf } from '../objects.ts';
import type { Stage } from '../stage.ts';

/** One thing that was asked for, from the moment it was due until it was answered with success. */
export interface Sample {
  readonly what: 'post' | 'me' | 'changes';
  readonly dueMs: number;
  readonly tookMs: number;
  /** Answers other than success before it. */
  readonly failures: number;
}

export interface WellBehaved {
  readonly samples: readonly Sample[];
  /** Ids of objects that were answered `created`. */
  readonly accepted: ReadonlySet<string>;
  /** Asks for nothing new; resolves when everything under way was answered or given up. */
  finish(): Promise<void>;
  /** Ids that another member reads from `/changes`, from the beginning to the end. */
  readBack(): Promise<Set<string>>;
}

const POST_EVERY_MS = 100;
const ME_EVERY_MS = 100;
const CHANGES_EVERY_MS = 500;
/** Who gets no answer asks again, until this long after it was due. */
const PATIENCE_MS = 30_000;
const ANSWER_MS = 15_000;
const AGAIN_MS = 250;
const Page = z.object({
  objects: z.array(z.looseObject({ id: z.string() })),
  next: z.string(),
  more: z.boolean(),
});

/** Posts as cert-a, reads as cert-b; begins at once. */
export function behaveWell(stage: Stage, url: string, seed: number): WellBehaved {
  const random = createRandom(seed).fork('well-behaved');
  const agent = new Agent({ connections: 32, pipelining: 1 });
  const samples: Sample[] = [];
  const accepted = new Set<string>();
  const underWay = new Set<Promise<void>>();
  const ask: Ask = (key, path, body) => once({ agent, url, key, path, body });
  const reader = stage.key('cert-b', 'feed');
  let cursor = '';
  const publisher = stage.key('cert-a', 'publisher');
  const acts: Record<Sample['what'], () => () => Promise<boolean>> = {
    post: () => newPost(ask, publisher, random, accepted),
    me: () => async () => (await ask(reader, '/api/v1/me')) !== undefined,
    changes: () => async () => {
      const after = cursor === '' ? '' : `&after=${encodeURIComponent(cursor)}`;
      const page = Page.safeParse(await ask(reader, `/api/v1/changes?limit=500${after}`));
      if (page.success) cursor = page.data.next;
      return page.success;
    },
  };
  const every = (what: Sample['what'], ms: number) =>
    setInterval(() => {
      const doing = carry(what, acts[what]()).then((sample) => void samples.push(sample));
      underWay.add(doing);
      void doing.finally(() => underWay.delete(doing));
    }, ms);
  const timers = [
    every('post', POST_EVERY_MS),
    every('me', ME_EVERY_MS),
    every('changes', CHANGES_EVERY_MS),
  ];
  return {
    samples,
    accepted,
    finish: async () => {
      timers.forEach(clearInterval);
      await Promise.all(underWay);
    },
    readBack: async () => {
      const ids = await walk(ask, reader);
      await agent.close();
      return ids;
    },
  };
}

/** One object, which is the same at every attempt, as a script that tries again would post it. */
function newPost(ask: Ask, key: string, random: Random, accepted: Set<string>) {
  const stixId = `indicator--${random.uuid()}`;
  const modified = '2026-02-01T00:00:00.000Z';
  const object = objectOf({ stixId, modified, name: stixId, tlp: 'green', revoked: false });
  return async (): Promise<boolean> => {
    const answer = z
      .object({ outcome: z.enum(['created', 'unchanged']) })
      .safeParse(await ask(key, '/api/v1/indicators', JSON.stringify(object)));
    if (answer.success) accepted.add(stixId);
    return answer.success;
  };
}

/** Does it again until it succeeds, or patience ends. */
async function carry(what: Sample['what'], act: () => Promise<boolean>): Promise<Sample> {
  const dueMs = performance.now();
  let failures = 0;
  while (!(await act()) && performance.now() - dueMs < PATIENCE_MS) {
    failures++;
    await delay(AGAIN_MS);
  }
  return { what, dueMs, tookMs: performance.now() - dueMs, failures };
}

type Ask = (key: string, path: string, body?: string) => Promise<unknown>;

interface Asked {
  readonly agent: Agent;
  readonly url: string;
  readonly key: string;
  readonly path: string;
  readonly body: string | undefined;
}

/** The answer's body where it is a success; undefined otherwise. */
async function once({ agent, url, key, path, body }: Asked): Promise<unknown> {
  try {
    const answer = await fetch(url + path, {
      dispatcher: agent,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { method: 'POST', body }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.ok) return await answer.json();
    await answer.body?.cancel();
  } catch {
    // No answer at all is a failure like any other: it is tried again.
  }
  return undefined;
}

const PAGES_FAILED_MAX = 40;

async function walk(ask: Ask, key: string): Promise<Set<string>> {
  const ids = new Set<string>();
  let after = '';
  for (let failed = 0; failed < PAGES_FAILED_MAX;) {
    const page = Page.safeParse(await ask(key, `/api/v1/changes?limit=5000${after}`));
    if (!page.success) {
      failed++;
      await delay(AGAIN_MS);
      continue;
    }
    for (const { id } of page.data.objects) ids.add(id);
    if (!page.data.more) return ids;
    after = `&after=${encodeURIComponent(page.data.next)}`;
  }
  throw new Error('The log could not be read to its end');
}
