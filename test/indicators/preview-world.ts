/** Random organisations, agreements and groups, made in the database, and what may be wished there. */
import fc from 'fast-check';
import { TLP_ORDER } from '../../src/stix/marking/tlp.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import type { Tocsin } from '../support/tocsin.ts';

const STATUSES = ['active', 'active', 'active', 'suspended', 'left'] as const;

export const COUNT = 6;

const OrganisationPlan = fc.record({
  ceiling: fc.constantFrom(...TLP_ORDER),
  ended: fc.boolean(),
  status: fc.constantFrom(...STATUSES),
  /** In the inner community, or only in the one around it. */
  inner: fc.boolean(),
  group: fc.boolean(),
  hidden: fc.boolean(),
});
type OrganisationPlan = typeof OrganisationPlan extends fc.Arbitrary<infer T> ? T : never;

/** What each organisation is; the first one asks and shares, so it is always in everything. */
export const World = fc.record({
  organisations: fc
    .array(OrganisationPlan, { minLength: COUNT, maxLength: COUNT })
    .map((plans) => plans.map((plan, index) => (index === 0 ? FIRST : plan))),
  /** Whether the first one keeps the group whose members are hidden. */
  ownsHidden: fc.boolean(),
});
export type WorldPlan = typeof World extends fc.Arbitrary<infer T> ? T : never;

const FIRST: OrganisationPlan = {
  ceiling: 'red',
  ended: false,
  status: 'active',
  inner: true,
  group: true,
  hidden: true,
};

/** With whom, by the names of a world, and how it is marked. */
export const Wish = fc.record({
  parts: fc.uniqueArray(fc.constantFrom('inner', 'outer', 'group', 'hidden', '1', '2', '3'), {
    minLength: 1,
    maxLength: 3,
  }),
  tlp: fc.constantFrom(...TLP_ORDER),
});

export type Wished = typeof Wish extends fc.Arbitrary<infer T> ? T : never;

/** One in which every kind of answer is given. */
export const EXAMPLE: WorldPlan = {
  organisations: [
    FIRST,
    { ...FIRST, ceiling: 'green' },
    { ...FIRST, inner: false, group: false },
    { ...FIRST, status: 'suspended' },
    { ...FIRST, ended: true },
    { ...FIRST, hidden: false },
  ],
  ownsHidden: false,
};
export const EXAMPLE_WISHES: Wished[] = [
  { parts: ['hidden'], tlp: 'amber' },
  { parts: ['inner'], tlp: 'red' },
  { parts: ['group', '2'], tlp: 'amber' },
];

export interface Made {
  readonly asker: Actor;
  readonly actors: readonly Actor[];
  /** The slugs of these parts. */
  readonly slugsOf: (parts: readonly string[]) => string[];
}

/** Two communities, one within the other, a group, and one whose members are hidden. */
export async function make(tocsin: Tocsin, plan: WorldPlan): Promise<Made> {
  const parts = new Map(['inner', 'outer', 'group', 'hidden'].map((name) => [name, slug(name)]));
  const slugsOf = (names: readonly string[]) => names.map((name) => parts.get(name) ?? '');
  await tocsin.sql(
    `insert into audience (realm_id, kind, slug, hidden_members) values (1, 'community', $1, false),
       (1, 'community', $2, false), (1, 'group', $3, false), (1, 'group', $4, true)`,
    slugsOf(['inner', 'outer', 'group', 'hidden']),
  );
  await tocsin.sql(
    `insert into community_within select i.id, o.id from audience i, audience o
     where i.slug = $1 and o.slug = $2`,
    slugsOf(['inner', 'outer']),
  );
  const actors: Actor[] = [];
  for (const [index, one] of plan.organisations.entries()) {
    const actor = await anOrganisation(tocsin, one, slugsOf);
    parts.set(String(index), actor.slug);
    actors.push(actor);
  }
  const [asker] = actors;
  if (asker === undefined) throw new Error('A world has organisations');
  const [hidden = ''] = slugsOf(['hidden']);
  if (plan.ownsHidden) await enter(tocsin, 'audience_owner', hidden, [asker.slug]);
  return { asker, actors, slugsOf };
}

async function anOrganisation(
  tocsin: Tocsin,
  { inner, ceiling, status, ended, group, hidden }: OrganisationPlan,
  slugsOf: Made['slugsOf'],
): Promise<Actor> {
  const communities = slugsOf([inner ? 'inner' : 'outer']);
  const actor = await anActor(tocsin, { communities, ceiling });
  for (const part of slugsOf([...(group ? ['group'] : []), ...(hidden ? ['hidden'] : [])])) {
    await enter(tocsin, 'audience_member', part, [actor.slug]);
  }
  await tocsin.sql('update organisation set status = $2 where slug = $1', [actor.slug, status]);
  if (ended) {
    await tocsin.sql(
      `update agreement set ended_at = now()
       where organisation_id = (select id from organisation where slug = $1)`,
      [actor.slug],
    );
  }
  return actor;
}

/** Makes these organisations members or owners of a group. */
export async function enter(
  { sql }: Tocsin,
  table: 'audience_member' | 'audience_owner',
  group: string,
  organisations: readonly string[],
): Promise<void> {
  await sql(
    `insert into ${table} select a.id, o.id from audience a, organisation o
     where a.slug = $1 and o.slug = any($2)`,
    [group, [...organisations]],
  );
}
