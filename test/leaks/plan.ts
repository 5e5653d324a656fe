/** Random histories: the same for the same seed. */
import { createRandom } from '../torture/random.ts';
import {
  ceilingsOf,
  foundedModel,
  FOUNDERS,
  GROUPS,
  MORE_COMMUNITIES,
  type Ceilings,
} from './founding.ts';
import {
  ACTS_ON_CONTENT,
  FILLING,
  shareAnew,
  sharer,
  type Planner,
  type Size,
} from './plan-content.ts';
import type { MemberStep, Step } from './step.ts';

export interface Plan {
  readonly seed: number;
  readonly ceilings: Ceilings;
  readonly steps: readonly Step[];
}

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
const OF_MEMBERS = [move, move, move, move, changeStatus, changeStatus, changeStatus];
const OF_OFFICES = [agree, agree, agree, approve, approve, endAgreement, endAgreement];
const OF_PLACES = [makeGroup, changeGroup, makeCommunity];
const ACTS: readonly ((planner: Planner) => Step)[] = [
  ...ACTS_ON_CONTENT,
  ...OF_MEMBERS,
  ...OF_OFFICES,
  ...OF_PLACES,
];

function nextStep(planner: Planner, filling: boolean): Step {
  const { random, model } = planner;
  const groups = model.members.groups.size;
  if (groups < 2) return makeGroup(planner);
  // Of groups that nobody has joined there is little to see.
  if (model.members.invitations().length > 0 && random.chance(0.3))
    return answerInvitation(planner);
  if (filling && random.chance(0.7)) return shareAnew(planner);
  return random.pick(ACTS)(planner);
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

function answerInvitation({ random, model }: Planner): MemberStep {
  const act = random.chance(0.85) ? 'join' : 'leave';
  return { act, itself: true, ...random.pick(model.members.invitations()) };
}

function changeStatus(planner: Planner): MemberStep {
  const { random, model } = planner;
  const away = [...model.members.organisations.values()].filter(
    ({ status }) => status !== 'active',
  );
  // Absent members mostly return soon: there is more to see when most are present.
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
