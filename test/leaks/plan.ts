/** Random histories: the same for the same seed. */
import { createRandom, type Random } from '../torture/random.ts';
import {
  ceilingsOf,
  foundedModel,
  FOUNDERS,
  GROUPS,
  MORE_COMMUNITIES,
  type Ceilings,
} from './founding.ts';
import type { Model } from './model.ts';
import type { ContentStep, MemberStep, Rank, Step } from './step.ts';

export interface Plan {
  readonly seed: number;
  readonly ceilings: Ceilings;
  readonly steps: readonly Step[];
}

export interface Size {
  readonly steps: number;
  /** Objects that come up in it, at most. */
  readonly objects: number;
}

interface Planner {
  readonly random: Random;
  readonly model: Model;
  readonly size: Size;
  objects: number;
}

/** The part of a history in which most objects are shared for the first time. */
const FILLING = 0.3;

export function planHistory(seed: number, size: Size): Plan {
  const random = createRandom(seed);
  const ceilings = ceilingsOf(random);
  const planner: Planner = { random, model: foundedModel(ceilings), size, objects: 0 };
  const steps: Step[] = [];
  while (steps.length < size.steps) {
    const step = nextStep(planner, steps.length < size.steps * FILLING);
    planner.model.take(step);
    steps.push(step);
  }
  return { seed, ceilings, steps };
}

/** Each act as often as it stands here. */
const OF_CONTENT = [shareAnew, shareAnew, shareAgain, shareAgain, shareAgain, shareAlso];
const OF_OWNERS = [readdress, readdress, readdress, readdress, revoke];
const OF_MEMBERS = [move, move, move, move, changeStatus, changeStatus, changeStatus];
const OF_OFFICES = [agree, agree, agree, approve, approve, endAgreement, endAgreement];
const OF_PLACES = [makeGroup, changeGroup, makeCommunity];
const ACTS: readonly ((planner: Planner) => Step)[] = [
  ...OF_CONTENT,
  ...OF_OWNERS,
  ...OF_MEMBERS,
  ...OF_OFFICES,
  ...OF_PLACES,
];

function nextStep(planner: Planner, filling: boolean): Step {
  const { random, model } = planner;
  const groups = model.members.groups.size;
  if (groups < 2) return makeGroup(planner);
  if (filling && random.chance(0.7)) return shareAnew(planner);
  return random.pick(ACTS)(planner);
}

// Content -------------------------------------------------------------------------------------

function shareAnew(planner: Planner): ContentStep {
  const { random, size } = planner;
  const share = Math.ceil(size.objects / (size.steps * FILLING * 0.5));
  const count = Math.min(size.objects - planner.objects, random.between(1, share));
  if (count <= 0) return shareAgain(planner);
  const first = planner.objects;
  planner.objects += count;
  const objects = Array.from({ length: count }, (_, i) => first + i);
  return shareOf(planner, sharer(planner), objects);
}

/** Newer versions of what somebody shares. */
function shareAgain(planner: Planner): ContentStep {
  const { random, model } = planner;
  const by = sharer(planner);
  const own = model.versions.filter(({ sharer: of, superseded }) => of === by && !superseded);
  if (own.length === 0) return shareAnew(planner);
  const chosen = random.shuffled(own).slice(0, random.between(1, 6));
  return shareOf(
    planner,
    by,
    chosen.map(({ object }) => object),
  );
}

/** What somebody else shares too. */
function shareAlso(planner: Planner): ContentStep {
  const { random, objects } = planner;
  if (objects === 0) return shareAnew(planner);
  const chosen = Array.from({ length: random.between(1, 4) }, () => random.between(0, objects - 1));
  return shareOf(planner, sharer(planner), [...new Set(chosen)]);
}

function shareOf(planner: Planner, by: string, objects: readonly number[]): ContentStep {
  const to = audience(planner, by);
  return { act: 'share', by, objects, ranks: objects.map(() => rankOf(planner)), to };
}

function readdress(planner: Planner): ContentStep {
  const { random, model } = planner;
  const { object, by } = ownOf(planner);
  const change = random.pick(['to', 'rank', 'both'] as const);
  const marked = model.versionsOf(object).findLast((one) => one.sharer === by)?.marked ?? 0;
  const rank = change === 'to' ? null : random.between(random.chance(0.9) ? marked : 0, 4);
  const to = change === 'rank' ? [] : audience(planner, by);
  return { act: 'readdress', by, object, rank, to: rank === null && to.length === 0 ? [by] : to };
}

function revoke(planner: Planner): ContentStep {
  return { act: 'revoke', ...ownOf(planner) };
}

/** An object and who shares it; now and then who does not. */
function ownOf(planner: Planner): { object: number; by: string } {
  const { random, model } = planner;
  const current = model.versions.filter(({ superseded }) => !superseded);
  if (current.length === 0) return { object: 0, by: sharer(planner) };
  const { object, sharer: of } = random.pick(current);
  return { object, by: random.chance(0.95) ? of : sharer(planner) };
}

/** Mostly somebody who takes part. */
function sharer({ random, model }: Planner): string {
  const names = FOUNDERS.map(({ name }) => name);
  const active = names.filter((name) => model.members.takesPart(name));
  return random.pick(active.length > 0 && random.chance(0.95) ? active : names);
}

function rankOf({ random }: Planner): Rank | null {
  return random.pick([null, 0, 1, 1, 2, 2, 3, 4]);
}

/** What the sharer may name, mostly; often nobody, so that it goes to its default community. */
function audience({ random, model }: Planner, by: string): string[] {
  if (random.chance(0.2)) return [];
  const organisations = FOUNDERS.map(({ name }) => name);
  const may = [...model.members.within(by)].filter((name) => !organisations.includes(name));
  const all = [...model.members.communities.keys(), ...model.members.groups.keys()];
  const groups = may.length > 0 && random.chance(0.95) ? may : all;
  const chosen = Array.from({ length: random.between(1, 3) }, () =>
    random.pick(random.chance(0.5) ? groups : organisations),
  );
  return [...new Set(chosen)];
}

// Members -------------------------------------------------------------------------------------

function someone({ random }: Planner): string {
  return random.pick(FOUNDERS).name;
}

function move(planner: Planner): MemberStep {
  const { random, model } = planner;
  const group = random.pick([...model.members.groups.keys()]);
  const organisation = someone(planner);
  const within = model.members.groups.get(group)?.members.has(organisation) ?? false;
  const act = within === random.chance(0.85) ? 'leave' : 'join';
  return { act, group, organisation, itself: random.chance(0.5) };
}

function changeStatus(planner: Planner): MemberStep {
  const { random, model } = planner;
  const away = [...model.members.organisations.values()].filter(
    ({ status }) => status !== 'active',
  );
  // Whoever is away mostly comes back soon: there is more to see when most are there.
  if (away.length > 0 && random.chance(0.7)) {
    return { act: 'status', organisation: random.pick(away).name, status: 'active' };
  }
  const status = random.pick(['suspended', 'suspended', 'left', 'invited'] as const);
  return { act: 'status', organisation: someone(planner), status };
}

function agree(planner: Planner): MemberStep {
  const { random, model } = planner;
  const organisation = someone(planner);
  const community = random.pick([...model.members.communities.keys()]);
  const later = random.chance(0.15);
  return { act: 'agree', organisation, community, rank: random.between(0, 4), later };
}

function approve(planner: Planner): MemberStep {
  const { random, model } = planner;
  const parties = random.pick(model.members.parties());
  return { act: 'approve', administrator: random.between(0, 1), ...parties };
}

function endAgreement(planner: Planner): MemberStep {
  const { random, model } = planner;
  const act = random.pick(['end', 'begin', 'expire'] as const);
  return { act, ...random.pick(model.members.parties()) };
}

function makeGroup(planner: Planner): MemberStep {
  const { random, model } = planner;
  const free = GROUPS.filter((name) => !model.members.groups.has(name));
  if (free.length === 0) return move(planner);
  const members = random
    .shuffled(FOUNDERS.map(({ name }) => name))
    .filter((name) => model.members.organisations.get(name)?.status === 'active')
    .slice(0, random.between(0, 4));
  const kind = { open: random.chance(0.5), hidden: random.chance(0.4) };
  return { act: 'make group', by: sharer(planner), group: random.pick(free), members, ...kind };
}

function changeGroup(planner: Planner): MemberStep {
  const { random, model } = planner;
  const group = random.pick([...model.members.groups.keys()]);
  return { act: 'change group', group, open: random.chance(0.5), hidden: random.chance(0.4) };
}

function makeCommunity(planner: Planner): MemberStep {
  const { random, model } = planner;
  const free = MORE_COMMUNITIES.filter((name) => !model.members.communities.has(name));
  if (free.length === 0) return agree(planner);
  const some = () =>
    random.shuffled([...model.members.communities.keys()]).slice(0, random.between(0, 1));
  return { act: 'make community', community: random.pick(free), within: some(), contains: some() };
}
