/** What may happen to content in a random history. */
import type { Random } from '../torture/random.ts';
import { FOUNDERS } from './founding.ts';
import type { Model } from './model.ts';
import { RED, type Version } from './shared.ts';
import type { ContentStep, Rank } from './step.ts';

export interface Size {
  readonly steps: number;
  /** Objects that come up in it, at most. */
  readonly objects: number;
}

export interface Planner {
  readonly random: Random;
  readonly model: Model;
  readonly size: Size;
  objects: number;
}

/** The part of a history in which most objects are shared for the first time. */
export const FILLING = 0.3;

const NAMES = FOUNDERS.map(({ name }) => name);

/** Each act as often as it stands here. */
const OF_SHARERS = [shareAnew, shareAnew, shareAgain, shareAgain, shareAgain, shareAlso];
const OF_OWNERS = [readdress, readdress, readdress, remark, remark, revoke, revoke];
const OF_OTHERS = [passOn, passOn, passOn, purge];
export const ACTS_ON_CONTENT: readonly ((planner: Planner) => ContentStep)[] = [
  ...OF_SHARERS,
  ...OF_OWNERS,
  ...OF_OTHERS,
];

export function shareAnew(planner: Planner): ContentStep {
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
  // Most of what is RED is shared alone: where a community gets the rest, it is refused.
  const red = planner.random.chance(0.2);
  const to = red ? organisations(planner) : audience(planner, by);
  return { act: 'share', by, objects, ranks: objects.map(() => rankOf(planner, red)), to };
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

/** To RED, or back from it, where that may be. */
function remark(planner: Planner): ContentStep {
  const { random, model } = planner;
  const own = currentOf(model).filter(({ sharer: by }) => model.members.ceiling(by) === RED);
  const raised = own.filter(({ address, marked }) => address.rank === RED && marked !== RED);
  const low = own.filter(({ address }) => address.rank < RED);
  const chosen = raised.length > 0 && random.chance(0.5) ? raised : low;
  if (chosen.length === 0) return readdress(planner);
  const { object, sharer: by, address, marked } = random.pick(chosen);
  const rank = address.rank === RED ? random.between(marked ?? 0, RED - 1) : RED;
  return { act: 'readdress', by, object, rank, to: organisations(planner) };
}

/** Mostly by its creator what others pass on too, where there is such. */
function revoke(planner: Planner): ContentStep {
  const { random, model } = planner;
  const passed = currentOf(model).flatMap(({ object, sharer: by, revoked }) => {
    const creator = model.creatorOf(object);
    return creator !== null && creator !== by && !revoked ? [{ object, by: creator }] : [];
  });
  const chosen = passed.length > 0 && random.chance(0.7) ? random.pick(passed) : ownOf(planner);
  return { act: 'revoke', ...chosen };
}

/** Mostly what one sees and may pass on. */
function passOn(planner: Planner): ContentStep {
  const { random, model } = planner;
  const by = sharer(planner);
  const eyes = { organisation: by, cleared: false };
  const others = currentOf(model).filter((one) => {
    const creator = model.creatorOf(one.object);
    return creator !== null && creator !== by && one.sharer !== by && !one.revoked;
  });
  if (others.length === 0) return shareAgain(planner);
  const low = others.filter((one) => one.address.rank < 2 && model.reaches(eyes, one));
  const { object, sharer: of } = random.pick(low.length > 0 && random.chance(0.8) ? low : others);
  const older = random.chance(0.15);
  const to = random.chance(0.15) ? [by] : audience(planner, by);
  return { act: 'pass on', by, object, of, older, to };
}

function purge(planner: Planner): ContentStep {
  return { act: 'purge', object: ownOf(planner).object };
}

function currentOf(model: Model): Version[] {
  return model.versions.filter(({ superseded }) => !superseded);
}

/** An object and who shares it; now and then who does not. */
function ownOf(planner: Planner): { object: number; by: string } {
  const { random, model } = planner;
  const current = currentOf(model);
  if (current.length === 0) return { object: 0, by: sharer(planner) };
  const { object, sharer: of } = random.pick(current);
  return { object, by: random.chance(0.95) ? of : sharer(planner) };
}

/** Mostly somebody who takes part. */
export function sharer({ random, model }: Planner): string {
  const active = NAMES.filter((name) => model.members.takesPart(name));
  return random.pick(active.length > 0 && random.chance(0.95) ? active : NAMES);
}

function rankOf({ random }: Planner, red: boolean): Rank | null {
  return random.pick(red ? [null, 2, 3, RED, RED, RED, RED] : [null, 0, 1, 1, 2, 2, 3, RED]);
}

/** One by one, as RED must be. */
function organisations({ random }: Planner): string[] {
  return random.shuffled(NAMES).slice(0, random.between(1, 5));
}

/** What the sharer may name, mostly; often nobody, so that it goes to its default community. */
function audience({ random, model }: Planner, by: string): string[] {
  if (random.chance(0.2)) return [];
  const may = [...model.members.within(by)].filter((name) => !NAMES.includes(name));
  const all = [...model.members.communities.keys(), ...model.members.groups.keys()];
  const groups = may.length > 0 && random.chance(0.95) ? may : all;
  const chosen = Array.from({ length: random.between(1, 3) }, () =>
    random.pick(random.chance(0.5) ? groups : NAMES),
  );
  return [...new Set(chosen)];
}
