/** Lives a history through on a running server, and holds every door against the model at each step. */
import { ROLES } from '../../src/sharing/member.ts';
import { createRandom } from '../torture/random.ts';
import { perform } from './acts.ts';
import type { Door, Visit } from './door.ts';
import { DOORS } from './doors.ts';
import { Follower } from './follower.ts';
import { VIEWERS, type Viewer } from './founding.ts';
import { Hearing, sightOf, type Judge, type Sight } from './judge.ts';
import type { Plan } from './plan.ts';
import { openPushes, PUSH_DOORS, type Pushed } from './push-doors.ts';
import { isAboutContent, type Step } from './step.ts';
import { foundWorld, type Ground, type World } from './world.ts';

/** What of a history is looked at; all of it unless told otherwise. */
export interface Look {
  readonly doors?: readonly Door[];
  readonly viewers?: readonly Viewer[];
}

interface Watcher {
  readonly who: Viewer;
  readonly pushed: Pushed;
  readonly changes: Follower;
  sight: Sight;
  /** That of the step before. */
  before: Sight;
}

const SAMPLE = 3;

/** Ends at the first step at which something was found, and returns its place; else undefined. */
export async function liveThrough(
  ground: Ground,
  plan: Plan,
  judge: Judge,
  { doors = DOORS, viewers = VIEWERS }: Look = {},
): Promise<number | undefined> {
  const world = await foundWorld(ground, plan.ceilings);
  const watchers = await Promise.all(viewers.map((viewer) => watch(world, viewer)));
  try {
    for (const [at, step] of plan.steps.entries()) {
      const model = world.model.take(step);
      holdAllowed(judge, step, model, await perform(world, step));
      look(world, watchers);
      const last = at === plan.steps.length - 1;
      const due = doors.filter(({ every = 1 }) => last || (at + 1) % every === 0);
      // What is pushed is waited for, so it is heard when nothing is wrong with what is asked for.
      for (const part of [due.filter(isPulled), due.filter((door) => !isPulled(door))]) {
        if (judge.findings.length === 0) await hearAll(world, watchers, { plan, at, judge }, part);
      }
      if (judge.findings.length > 0) return at;
    }
    return undefined;
  } finally {
    await Promise.all(watchers.map(({ pushed }) => pushed.close()));
  }
}

function isPulled(door: Door): boolean {
  return !PUSH_DOORS.includes(door);
}

async function watch(world: World, who: Viewer): Promise<Watcher> {
  const pushed = await openPushes(world, who);
  const sight = sightOf(world.model, who);
  return { who, pushed, changes: new Follower(world), sight, before: sight };
}

function look({ model }: World, watchers: readonly Watcher[]): void {
  // Who has the same eyes sees the same.
  const sights = new Map<string, Sight>();
  for (const watcher of watchers) {
    const { organisation, cleared } = watcher.who;
    const eyes = `${organisation} ${cleared}`;
    const sight = sights.get(eyes) ?? sightOf(model, watcher.who);
    sights.set(eyes, sight);
    watcher.before = watcher.sight;
    watcher.sight = sight;
  }
}

/** What the server takes is what the rules allow. */
function holdAllowed(
  judge: Judge,
  step: Step,
  allowed: readonly boolean[],
  taken: readonly boolean[],
): void {
  const actor = 'by' in step ? step.by : 'organisation' in step ? step.organisation : '';
  for (const [i, may] of allowed.entries()) {
    const did = taken[i] === true;
    if (did === may) continue;
    const thing = isAboutContent(step) && step.act === 'share' ? (step.objects[i] ?? 0) : step.act;
    const kind = did ? 'leaked' : 'missing';
    const detail = did ? 'the server allowed it' : 'the server refused it';
    judge.findings.push({ kind, door: 'acts', viewer: actor, thing, detail });
  }
}

async function hearAll(
  world: World,
  watchers: readonly Watcher[],
  { plan, at, judge }: { readonly plan: Plan; readonly at: number; readonly judge: Judge },
  doors: readonly Door[],
): Promise<void> {
  const sample = sampleOf(world, plan, at);
  const subscriptions = new Map(
    watchers.flatMap(({ who, pushed }) =>
      pushed.subscription === undefined ? [] : [[who.organisation, pushed.subscription] as const],
    ),
  );
  await Promise.all(
    watchers.map(async ({ who, pushed, changes, sight, before }, seat) => {
      const role = ROLES[(at + seat) % ROLES.length] ?? 'feed';
      const followers = { changes, stream: pushed.stream, webhook: pushed.webhook };
      const viewer = who.organisation;
      const place = { world, who, viewer, role, followers, sample, subscriptions };
      const visit: Visit = { ...place, sight, before };
      for (const door of doors) {
        await door.read(visit, new Hearing(judge, door.name, who.name));
      }
    }),
  );
}

/** What the step was about, and some others by chance, of which older versions are kept first. */
function sampleOf({ model }: World, { seed, steps }: Plan, at: number): number[] {
  const known = model.objects();
  const touched = objectsOf(steps[at]).filter((object) => known.includes(object));
  const others = createRandom(seed).fork(`sample ${at}`).shuffled(known);
  const aged = others.filter((object) => model.versionsOf(object).length > 1);
  return [...new Set([...touched.slice(0, 1), ...aged.slice(0, 2), ...others])].slice(0, SAMPLE);
}

function objectsOf(step: Step | undefined): readonly number[] {
  if (step === undefined || !isAboutContent(step)) return [];
  return step.act === 'share' ? step.objects : [step.object];
}
