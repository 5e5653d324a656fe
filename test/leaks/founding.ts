/** What every history begins with, and the names that come up in it. */
import type { Random } from '../torture/random.ts';
import { Model } from './model.ts';
import { WITH_CLEARANCE, type Eyes } from './shared.ts';
import type { Rank } from './step.ts';

interface Founder {
  readonly name: string;
  readonly community: string;
  readonly partner: boolean;
}

export const FOUNDERS: readonly Founder[] = [
  { name: 'alpha', community: 'core', partner: false },
  { name: 'bravo', community: 'core', partner: false },
  { name: 'charlie', community: 'allies', partner: false },
  { name: 'delta', community: 'allies', partner: false },
  { name: 'echo', community: 'allies', partner: false },
  { name: 'foxtrot', community: 'world', partner: false },
  { name: 'golf', community: 'partners', partner: true },
  { name: 'hotel', community: 'partners', partner: true },
];

/** Who reads in a history: each organisation by its keys, and some of their people in person. */
export interface Viewer extends Eyes {
  readonly name: string;
  readonly person: boolean;
}

const WITHOUT_CLEARANCE = ['alpha', 'echo', 'hotel'];

export const PEOPLE: readonly Viewer[] = [
  ...WITH_CLEARANCE.map((organisation) => inPerson(organisation, true)),
  ...WITHOUT_CLEARANCE.map((organisation) => inPerson(organisation, false)),
];
export const VIEWERS: readonly Viewer[] = [
  ...FOUNDERS.map(({ name }) => ({ name, organisation: name, person: false, cleared: false })),
  ...PEOPLE,
];

function inPerson(organisation: string, cleared: boolean): Viewer {
  const name = `${cleared ? 'cleared' : 'uncleared'} person of ${organisation}`;
  return { name, organisation, person: true, cleared };
}

/** By community, those that it lies within; each after those. */
export const COMMUNITIES: Readonly<Record<string, readonly string[]>> = {
  world: [],
  allies: ['world'],
  core: ['allies'],
  partners: [],
};
export const MORE_COMMUNITIES = ['north', 'south', 'east', 'west'] as const;
export const GROUPS = ['harbour', 'bridge', 'tower', 'garden', 'market', 'castle'] as const;

/** What a history begins with beyond the names: how far each agreement reaches. */
export type Ceilings = Readonly<Record<string, Rank>>;

export function ceilingsOf(random: Random): Ceilings {
  return Object.fromEntries(FOUNDERS.map(({ name }) => [name, random.pick([1, 2, 3, 3, 4, 4])]));
}

/** The model as it is before the first step. */
export function foundedModel(ceilings: Ceilings): Model {
  const model = new Model();
  for (const [community, within] of Object.entries(COMMUNITIES)) {
    model.members.communities.set(community, within);
  }
  for (const { name, community, partner } of FOUNDERS) {
    const status = 'active' as const;
    model.members.organisations.set(name, { name, partner, defaultCommunity: community, status });
    model.members.agreed(name, community, ceilings[name] ?? 0);
  }
  return model;
}
