/** Random posts of one observable, compared with a model after each of them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, marked, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const LEVELS = ['clear', 'green', 'amber', 'strict'] as const;
const NAMES = ['clear', 'green', 'amber', 'amber+strict'] as const;
const STEPS = 14;

let tocsin: Tocsin;
let community: string;
let sharers: Actor[];
let readers: { readonly actor: Actor; readonly ceiling: number }[];

beforeAll(async () => {
  tocsin = await startTocsin();
  community = slug();
  const member = (ceiling: 'red' | 'green' = 'red') =>
    anActor(tocsin, { communities: [community], ceiling });
  sharers = [await member(), await member()];
  readers = [
    { actor: await member(), ceiling: 3 },
    { actor: await member(), ceiling: 3 },
    { actor: await member('green'), ceiling: 1 },
  ];
});
afterAll(() => tocsin.close());

interface Statement {
  readonly sharer: Actor;
  readonly parts: readonly string[];
  readonly level: number;
}

/** Numbers from 0 up to a bound, the same for the same seed. */
function randomly(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** A sharer's later statement never lowers what every part of its audience has from it. */
function effective(before: readonly Statement[], { sharer, parts, level }: Statement): number {
  const has = parts.map((part) => {
    const earlier = before.filter((one) => one.sharer === sharer && one.parts.includes(part));
    return Math.max(-1, ...earlier.map((one) => one.level));
  });
  return Math.max(level, Math.min(...has));
}

function isFor({ parts }: Statement, { slug: name }: Actor): boolean {
  return parts.includes(community) || parts.includes(name);
}

/** A reader's level: the strictest of all statements that reach it. */
function modelled(statements: readonly Statement[], reader: (typeof readers)[number]): string {
  const levels = statements
    .filter((one) => isFor(one, reader.actor) && one.level <= reader.ceiling)
    .map(({ level }) => level);
  return NAMES[Math.max(-1, ...levels)] ?? 'none';
}

interface Seen {
  readonly level: string;
  readonly note: unknown;
}

const NOTHING: Seen = { level: 'none', note: undefined };

async function byId({ actor }: (typeof readers)[number], id: string): Promise<Seen> {
  const { status, body, headers } = await actor.finds(id);
  if (status === 404) return NOTHING;
  const { tlp } = JSON.parse(String(headers['tocsin-context'])) as { tlp: string };
  return { level: tlp, note: (body as PostedObject)['x_note'] };
}

it.each([1, 2, 3, 4, 5, 6])(
  'every door gives the strictest statement, whatever was posted (seed %i)',
  async (seed) => {
    const random = randomly(seed * 7919);
    const audiences = [
      [community],
      [readers[0]!.actor.slug],
      [readers[1]!.actor.slug],
      [readers[0]!.actor.slug, readers[2]!.actor.slug],
    ];
    const object = address();
    const statements: Statement[] = [];
    const followed = await Promise.all(
      readers.map(async ({ actor }) => {
        const { next } = await actor.reads({ limit: 10_000 });
        return { first: next, next, last: NOTHING };
      }),
    );
    for (let step = 0; step < STEPS; step++) {
      const asked: Statement = {
        sharer: sharers[random(2)]!,
        parts: audiences[random(audiences.length)]!,
        level: random(LEVELS.length),
      };
      const note = `content ${random(2)}`;
      const posted = marked(LEVELS[asked.level]!, { ...object, x_note: note });
      const response = await asked.sharer.posts(posted, { audience: asked.parts });
      const [outcome] = outcomes(response);
      expect(['created', 'updated', 'unchanged']).toContain(outcome);
      statements.push({ ...asked, level: effective(statements, asked) });
      for (const [i, reader] of readers.entries()) {
        const told = followed[i]!;
        const from = async (after: string) => {
          const { objects, context, next } = await reader.actor.reads({ after, limit: 10_000 });
          const puts = objects.map((one, at) => ({
            level: String(context[at]?.tlp),
            note: one['x_note'],
          }));
          return { puts, next };
        };
        const { puts, next } = await from(told.next);
        told.next = next;
        told.last = puts.at(-1) ?? told.last;
        const where = `step ${step}: ${JSON.stringify(asked.parts)} ${LEVELS[asked.level]} ${outcome}`;
        const isAsked = isFor(asked, reader.actor) && outcome !== 'unchanged';
        if (!isAsked) expect(puts, `${where}: sent again`).toEqual([]);
        const found = await byId(reader, object.id);
        expect(found.level, `${where}: by id`).toBe(modelled(statements, reader));
        expect(told.last, `${where}: the log, followed`).toEqual(found);
        const replayed = await from(told.first);
        expect(replayed.puts.at(-1) ?? NOTHING, `${where}: the log, replayed`).toEqual(found);
      }
    }
  },
);
