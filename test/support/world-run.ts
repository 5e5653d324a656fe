/** Lives a plan through on a real server, and holds every way of reading against the model. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { TLP_ORDER } from '../../src/stix/tlp.ts';
import { findMember } from '../../src/store/members.ts';
import { asViewer } from '../../src/store/transaction.ts';
import { anActor, slug, type Actor } from './actors.ts';
import { indicator, newer, TLP_BY_RANK, type PostedObject } from './builders.ts';
import { follow } from './follow.ts';
import { aGroup } from './groups.ts';
import type { Tocsin } from './tocsin.ts';
import type { Webhooks } from './webhooks.ts';
import { Model, type Step, type WorldPlan } from './world.ts';

export interface Stage {
  readonly tocsin: Tocsin;
  readonly webhooks: Webhooks;
}

/** What a line of the changes says. */
interface Line {
  readonly object?: PostedObject;
  readonly withdrawn?: string;
}

interface World extends Stage {
  readonly plan: WorldPlan;
  readonly model: Model;
  readonly actors: readonly Actor[];
  readonly communities: readonly string[];
  readonly group: string;
  readonly objects: readonly PostedObject[];
  /** What each organisation holds that reads step by step, by id. */
  readonly mirrors: readonly Map<string, PostedObject>[];
  readonly cursors: string[];
  readonly begins: readonly string[];
}

export async function liveThrough(stage: Stage, plan: WorldPlan): Promise<void> {
  const world = await begin(stage, plan);
  for (const [number, step] of plan.steps.entries()) {
    await take(world, step, number);
    await Promise.all(world.model.organisations().map((one) => keepUp(world, one)));
  }
  for (const organisation of world.model.organisations()) {
    await holdReads(world, organisation);
    await holdTables(world, organisation);
  }
  await Promise.all(world.model.organisations().map((one) => holdPushes(world, one)));
}

async function begin(stage: Stage, plan: WorldPlan): Promise<World> {
  const { tocsin } = stage;
  const communities = [slug(), slug()];
  const actors: Actor[] = [];
  for (const { ceiling, communities: own } of plan.organisations) {
    const names = own.map((one) => communities[one] ?? '');
    actors.push(
      await anActor(tocsin, { communities: names, ceiling: TLP_ORDER[ceiling] ?? 'clear' }),
    );
  }
  const members = plan.group.flatMap((one) => actors[one] ?? []);
  const begins = await Promise.all(actors.map(async (actor) => (await actor.reads()).next));
  return {
    ...stage,
    plan,
    model: new Model(plan),
    actors,
    communities,
    group: await aGroup(tocsin, members),
    objects: [indicator(), indicator(), indicator()],
    mirrors: actors.map(() => new Map()),
    cursors: [...begins],
    begins,
  };
}

async function take(world: World, step: Step, number: number): Promise<void> {
  const { audience } = step;
  const names = [
    ...audience.communities.map((one) => world.communities[one]),
    ...(audience.group ? [world.group] : []),
    ...audience.organisations.map((one) => world.actors[one]?.slug),
  ];
  const object = versionOf(world, step.object, number, {
    object_marking_refs: [TLP_BY_RANK[step.tlp]],
  });
  const response = await actorOf(world, step.sharer).posts(
    object,
    names.length > 0 ? { audience: names } : {},
  );
  const { summary } = response.body as { summary?: { rejected: number } };
  const answer = summary === undefined ? 'unknown' : summary.rejected > 0 ? 'rejected' : 'taken';
  strictEqual(
    answer,
    world.model.share(step, number),
    `step ${number} was answered ${response.text}`,
  );
  await world.tocsin.sequenced();
}

function versionOf(world: World, object: number, step: number, more: object): PostedObject {
  const first = world.objects[object];
  if (first === undefined) throw new Error('no such object');
  return newer(first, step + 1, { ...more, x_step: step });
}

function actorOf({ actors }: World, organisation: number): Actor {
  const actor = actors[organisation];
  if (actor === undefined) throw new Error('no such organisation');
  return actor;
}

async function changesSince(actor: Actor, after: string): Promise<{ lines: Line[]; next: string }> {
  const response = await actor
    .sends('get', '/changes')
    .query({ after })
    .set('accept', 'application/x-ndjson')
    .buffer(true);
  const lines = response.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line & { next?: string });
  return { lines: lines.slice(0, -1), next: lines.at(-1)?.next ?? '' };
}

/** A reader that takes every change as it comes holds what is visible, and nothing else. */
async function keepUp(world: World, organisation: number): Promise<void> {
  const mirror = world.mirrors[organisation] ?? new Map<string, PostedObject>();
  const actor = actorOf(world, organisation);
  const { lines, next } = await changesSince(actor, world.cursors[organisation] ?? '');
  world.cursors[organisation] = next;
  for (const { object, withdrawn } of lines) {
    if (object !== undefined) mirror.set(object.id, object);
    if (withdrawn !== undefined)
      ok(mirror.delete(withdrawn), 'withdrawn from one who never saw it');
  }
  const visible = world.objects.filter((_, object) => world.model.seesNow(organisation, object));
  deepStrictEqual([...mirror.keys()].toSorted(), visible.map(({ id }) => id).toSorted());
}

/** Objects one by one, and the changes from the beginning. */
async function holdReads(world: World, organisation: number): Promise<void> {
  const { model, objects } = world;
  const actor = actorOf(world, organisation);
  const { lines } = await changesSince(actor, world.begins[organisation] ?? '');
  const shown = lines.flatMap(({ object }) =>
    object === undefined ? [] : Number(object['x_step']),
  );
  for (const step of shown) ok(model.mayShow(organisation, step), `step ${step} shows in changes`);
  for (const [number, { id }] of objects.entries()) {
    const current = model.currentFor(organisation, number);
    for (const step of current) ok(shown.includes(step), `step ${step} is missing from changes`);
    const found = await actor.finds(id);
    strictEqual(found.status, current.length > 0 ? 200 : 404);
    if (current.length > 0) strictEqual(found.body['x_step'], Math.max(...current));
    const all = await actor.finds(id, { version: 'all' });
    const versions = (all.body as { objects?: PostedObject[] }).objects ?? [];
    for (const version of versions) ok(model.mayShow(organisation, Number(version['x_step'])));
    const withdrawn = lines.some((line) => line.withdrawn === id);
    strictEqual(withdrawn, model.hasSeen(organisation, number) && current.length === 0);
  }
}

/** What was drawn out of versions is as visible as they are, whoever reads the tables. */
async function holdTables(world: World, organisation: number): Promise<void> {
  const { db } = world.tocsin;
  const member = await findMember(db, actorOf(world, organisation).slug);
  if (member === undefined) throw new Error('no such member');
  const viewer = { ...member.viewer, ceiling: Math.min(member.viewer.ceiling, 3) };
  const [versions, observables] = await asViewer(db, viewer, async (tx) => [
    await tx.$queryRaw<{ id: bigint; step: number }[]>`
      select id, (content::json ->> 'x_step')::int as step from version order by id`,
    await tx.$queryRaw<
      { id: bigint }[]
    >`select version_id as id from observable order by version_id`,
  ]);
  deepStrictEqual(
    observables.map(({ id }) => id),
    versions.map(({ id }) => id),
  );
  for (const { step } of versions) ok(world.model.mayShow(organisation, step));
}

/** The stream and a webhook say what the changes say, and the attempts are its owner's alone. */
async function holdPushes(world: World, organisation: number): Promise<void> {
  const { tocsin, webhooks, begins } = world;
  const actor = actorOf(world, organisation);
  const after = begins[organisation] ?? '';
  const last = indicator({ object_marking_refs: [TLP_BY_RANK[0]], x_step: -1 });
  await actor.shares(last, { audience: actor.slug });
  const expected = (await changesSince(actor, after)).lines;
  const stream = await follow(tocsin, actor, { after });
  const events = await stream.until(
    ({ event, data }) => event === 'object' && isObject(data, last.id),
  );
  await stream.close();
  const said = events
    .filter(({ event }) => event !== 'place')
    .map(({ event, data }) => ({ [event]: data }));
  deepStrictEqual(said, expected);
  const path = `/${actor.slug}`;
  const wish = { url: webhooks.url + path, start: { cursor: after } };
  const made = await actor.sends('post', '/subscriptions').send(wish);
  const deliveries = await webhooks.until(path, (come) =>
    come.some(({ objects }) => objects.some(({ id }) => id === last.id)),
  );
  deepStrictEqual(
    deliveries.flatMap(({ objects }) => objects),
    expected.flatMap(({ object }) => object ?? []),
  );
  deepStrictEqual(
    deliveries.flatMap(({ withdrawn }) => withdrawn),
    expected.flatMap((line) => line.withdrawn ?? []),
  );
  await holdOwnership(world, organisation, (made.body as { id: string }).id);
}

async function holdOwnership(
  world: World,
  organisation: number,
  subscription: string,
): Promise<void> {
  const stranger = actorOf(world, (organisation + 1) % world.actors.length);
  for (const path of [
    `/subscriptions/${subscription}`,
    `/subscriptions/${subscription}/attempts`,
  ]) {
    strictEqual((await stranger.sends('get', path)).status, 404);
    strictEqual((await actorOf(world, organisation).sends('get', path)).status, 200);
  }
  const { db } = world.tocsin;
  const member = await findMember(db, stranger.slug);
  if (member === undefined) throw new Error('no such member');
  const seen = await asViewer(
    db,
    member.viewer,
    (tx) =>
      tx.$queryRaw<unknown[]>`select id from attempt where subscription_id = ${subscription}::uuid`,
  );
  deepStrictEqual(seen, []);
}

function isObject(data: unknown, id: string): boolean {
  return typeof data === 'object' && data !== null && 'id' in data && data.id === id;
}
