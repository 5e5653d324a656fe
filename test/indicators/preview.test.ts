import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TLP_ORDER, type Tlp } from '../../src/stix/marking/tlp.ts';
import { findMember } from '../../src/store/members/members.ts';
import { findObject } from '../../src/store/content/objects.ts';
import { asViewer } from '../../src/store/postgres/transaction.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator, TLP_BY_RANK } from '../support/builders.ts';
import { accepts, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import {
  COUNT,
  enter,
  EXAMPLE,
  EXAMPLE_WISHES,
  make,
  Wish,
  World,
  type Made,
  type Wished,
} from './preview-world.ts';

interface Level {
  tlp: Tlp;
  objects: number[];
  through_keys: boolean;
  problem: { code: string } | null;
  sees: { organisation: string; through: string[] }[];
  does_not_see: { organisation: string; reason: string }[];
  not_told: string[];
}
interface Preview {
  audience: { slug: string; members_told: boolean }[];
  levels: Level[];
  rejected: { index: number; code: string }[];
}

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

async function ask(who: Actor, wish: object): Promise<Preview> {
  const { body } = await who.sends('post', '/audiences/preview').send(wish).expect(200);
  return body as Preview;
}

async function levelOf(who: Actor, wish: object): Promise<Level> {
  const [level] = (await ask(who, wish)).levels;
  if (level === undefined) throw new Error('No level was told');
  return level;
}

/** Whether an organisation sees an object with all that its agreement lets it. */
async function sees(name: string, id: string): Promise<boolean> {
  const member = await findMember(tocsin.db, name);
  if (member === undefined) throw new Error(`There is no ${name}`);
  const { viewer } = member;
  const found = await asViewer(tocsin.db, viewer, (tx) =>
    findObject(tx, viewer.realmId, id, { all: false }),
  );
  return found.length > 0;
}

/** The answer about an organisation: seeing, not seeing, neither of them, or nothing at all. */
function toldOf(level: Level, name: string): boolean | null | undefined {
  if (level.sees.some(({ organisation }) => organisation === name)) return true;
  if (level.does_not_see.some(({ organisation }) => organisation === name)) return false;
  return level.not_told.includes(name) ? null : undefined;
}

/** Asks, posts and reads as everybody. The answer about each, or the code of the rejection. */
async function tryOut({ asker, actors, slugsOf }: Made, { parts, tlp }: Wished) {
  const audience = slugsOf(parts);
  const object = indicator({ object_marking_refs: [TLP_BY_RANK[TLP_ORDER.indexOf(tlp)]] });
  const whole = await ask(asker, { audience, objects: [object] });
  const level = await levelOf(asker, { audience, tlp });
  const answer = await asker.posts(object, { audience: audience.join(',') });
  const [result] = (answer.body as { results: { code?: string }[] }).results;
  expect(level.problem?.code).toBe(result?.code);
  if (level.problem !== null) {
    expect(whole).toMatchObject({ levels: [], rejected: [{ code: level.problem.code }] });
    return level.problem.code;
  }
  expect(whole.levels).toEqual([{ ...level, objects: [0] }]);
  const told = [];
  for (const actor of actors) {
    const said = toldOf(level, actor.slug);
    const really = await sees(actor.slug, object.id);
    if (typeof said === 'boolean') expect([actor.slug, really]).toEqual([actor.slug, said]);
    // The answer has nothing about organisations outside the directory that were not named.
    if (said === undefined) expect(really).toBe(false);
    const byKey = (await actor.finds(object.id)).status === 200;
    expect([actor.slug, byKey]).toEqual([actor.slug, really && level.through_keys]);
    told.push(said);
  }
  return told;
}

describe('a preview', () => {
  it('says what then happens, in every combination', async () => {
    const all = new Set<unknown>();
    const wishes = fc.array(Wish, { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(World, wishes, async (plan, some) => {
        const made = await make(tocsin, plan);
        for (const wish of some) {
          const told = await tryOut(made, wish);
          for (const one of [told].flat()) all.add(one);
          if (plan.ownsHidden || !wish.parts.includes('hidden')) expect(told).not.toContain(null);
        }
      }),
      { numRuns: 10, endOnFailure: true, examples: [[EXAMPLE, EXAMPLE_WISHES]] },
    );
    // Each kind of answer was met.
    const kinds = [true, false, null, undefined, 'red_needs_named_organisations'];
    expect(all).toEqual(new Set(kinds));
  });

  it('does not depend on who is in a group whose members are hidden', async () => {
    const others = fc.array(fc.boolean(), { minLength: COUNT, maxLength: COUNT });
    await fc.assert(
      fc.asyncProperty(World, Wish, others, async (plan, { parts, tlp }, inGroup) => {
        const { asker, actors, slugsOf } = await make(tocsin, { ...plan, ownsHidden: false });
        const wish = { audience: slugsOf([...new Set([...parts, 'hidden'])]), tlp };
        const before = await ask(asker, wish);
        const [hidden = ''] = slugsOf(['hidden']);
        await tocsin.sql(
          `delete from audience_member using audience a
           where a.id = audience_id and a.slug = $1`,
          [hidden],
        );
        const members = actors.filter((one, at) => one === asker || inGroup[at] === true);
        await enter(
          tocsin,
          'audience_member',
          hidden,
          members.map((one) => one.slug),
        );
        expect(await ask(asker, wish)).toEqual(before);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  it('tells the owner of such a group who is in it, and by which parts each sees it', async () => {
    const [owner, friend] = [await anActor(tocsin), await anActor(tocsin)];
    const name = await createGroup(owner, { hidden_members: true, members: [friend.slug] });
    await accepts(friend, name);
    const wish = { audience: [name, owner.slug], tlp: 'green' };
    const mine = await levelOf(owner, wish);
    expect(mine.sees).toHaveLength(2);
    expect(mine.sees).toContainEqual({ organisation: friend.slug, through: [name] });
    expect(mine.sees).toContainEqual({ organisation: owner.slug, through: [owner.slug, name] });
    expect(mine.not_told).toEqual([]);
    const theirs = await ask(friend, wish);
    expect(theirs.audience).toContainEqual({ kind: 'group', slug: name, members_told: false });
    const named = theirs.levels[0]?.sees.map(({ organisation }) => organisation);
    expect(new Set(named)).toEqual(new Set([friend.slug, owner.slug]));
  });

  it('keeps nothing, not even the audience', async () => {
    const [one, two] = [await anActor(tocsin), await anActor(tocsin)];
    const rows = () =>
      tocsin.sql(
        `select (select count(*) from audience) as audiences,
           (select count(*) from version) as versions, (select count(*) from inbox) as inbox`,
      );
    const before = await rows();
    const green = indicator({ object_marking_refs: [TLP_BY_RANK[1]] });
    const objects = [indicator(), { type: 'indicator' }, green];
    const { levels, rejected } = await ask(one, { audience: [one.slug, two.slug], objects });
    const told = levels.map(({ tlp, objects: places }) => [tlp, places]);
    expect(told).toEqual([
      ['green', [2]],
      ['amber', [0]],
    ]);
    expect(rejected).toMatchObject([{ index: 1 }]);
    expect(await rows()).toEqual(before);
  });

  it('tells what would be refused, and that RED goes through no key', async () => {
    const [one, two] = [await anActor(tocsin), await anActor(tocsin, { ceiling: 'green' })];
    const nobody = { sees: [], does_not_see: [], not_told: [] };
    expect(await levelOf(one, { tlp: 'red' })).toMatchObject({
      problem: { code: 'red_needs_named_organisations' },
      through_keys: false,
      ...nobody,
    });
    const above = { problem: { code: 'tlp_above_ceiling' }, ...nobody };
    expect(await levelOf(two, { tlp: 'amber' })).toMatchObject(above);
    const named = await levelOf(one, { tlp: 'red', audience: [two.slug] });
    const low = { organisation: two.slug, reason: 'ceiling_too_low' };
    expect(named.does_not_see).toContainEqual(low);
  });

  const many = Array.from({ length: 10_000 }, (_, index) => `org-${index}`);
  it.each([
    ['an audience that nobody may know', { audience: ['nobody'] }, 'audience_unknown'],
    ['an audience of nobody', { audience: [] }, 'invalid_request'],
    ['10,000 organisations', { audience: many }, 'invalid_request'],
    ['both a marking and objects', { tlp: 'green', objects: [] }, 'invalid_request'],
    ['a marking that is none', { tlp: 'pink' }, 'invalid_request'],
  ])('refuses %s', async (_, wish, code) => {
    const one = await anActor(tocsin);
    const { body } = await one.sends('post', '/audiences/preview').send(wish).expect(400);
    expect(body).toMatchObject({ code });
  });
});
