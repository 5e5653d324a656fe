import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../../src/organisations/administer.ts';
import { createCommunity } from '../../src/organisations/communities.ts';
import { createGroup } from '../../src/organisations/groups.ts';
import { anActor, slug } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { follow, numbersFrom, step, visibleTo, type Follower, type World } from './history.ts';

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin();
  // Somebody who administrates is always there.
  await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

const STEPS = 50;

async function aWorld(seed: number): Promise<World> {
  const by = operator('test');
  const facts = { description: '', open: false, hiddenMembers: false, name: 'x' };
  const [outer, inner] = [slug('outer'), slug('inner')];
  const place = { name: 'x', description: '', contains: [] };
  await createCommunity(tocsin.db, by, { ...place, slug: outer, within: [] });
  await createCommunity(tocsin.db, by, { ...place, slug: inner, within: [outer] });
  const actors = [];
  for (const community of [outer, outer, inner, inner]) {
    actors.push(await anActor(tocsin, { communities: [community], role: 'publisher' }));
  }
  const owners = [actors[0]?.slug ?? ''];
  const members = actors.map((one) => one.slug);
  const groups = [slug('group'), slug('group')];
  for (const group of groups)
    await createGroup(tocsin.db, by, { ...facts, slug: group, owners, members });
  const random = numbersFrom(seed);
  return { tocsin, actors, groups, communities: [outer, inner], shared: [], random };
}

function follower(slug: string, own: ReadonlySet<string>): Follower {
  return { slug, own, has: new Set(), after: 0 };
}

/** The first thing that an organisation reads otherwise than it sees, or undefined. */
async function firstDifference(seed: number): Promise<string | undefined> {
  const world = await aWorld(seed);
  const followers = world.actors.map((one) => follower(one.slug, new Set()));
  const told: string[] = [];
  for (let count = 0; count < STEPS; count++) {
    told.push(await step(world));
    await tocsin.sequenced();
    for (const [index, from] of followers.entries()) {
      const own = new Set(
        world.shared.filter(({ by }) => by.slug === from.slug).map(({ object }) => object.id),
      );
      const since = { ...from, own };
      const fresh = follower(from.slug, own);
      await follow(tocsin, since);
      await follow(tocsin, fresh);
      followers[index] = since;
      const visible = await visibleTo(tocsin, from.slug);
      for (const [how, { has }] of Object.entries({ since, fresh })) {
        if ([...has].toSorted().join() === visible.join()) continue;
        const facts = JSON.stringify({ has: [...has].toSorted(), visible }, null, 1);
        return `seed ${seed}: ${how} ${from.slug}\n${facts}\n${told.join('\n')}`;
      }
    }
  }
  const last = world.actors.map(async (one) => {
    const seen = new Set(await visibleTo(tocsin, one.slug));
    for (const { object, by } of world.shared) {
      if (by === one) continue;
      const { status } = await one.finds(object.id);
      expect(status === 200, object.id).toBe(seen.has(object.id));
    }
  });
  await Promise.all(last);
  return undefined;
}

describe('whatever happens to memberships', () => {
  it.each([1, 2, 3])(
    'each organisation has by the log what it sees (seed %i)',
    async (seed) => {
      expect(await firstDifference(seed)).toBeUndefined();
    },
    120_000,
  );

  it('would show if nobody were told', async () => {
    await tocsin.sql('alter function note_standing() rename to note_standing_kept');
    try {
      await tocsin.sql(
        `create function note_standing() returns integer language sql as 'select 0'`,
      );
      expect(await firstDifference(1)).toMatch(/^seed 1: since/);
    } finally {
      await tocsin.sql('drop function if exists note_standing()');
      await tocsin.sql('alter function note_standing_kept() rename to note_standing');
    }
  }, 120_000);
});
