/** Random histories of memberships and shares, and what every organisation reads of them. */
import { operator } from '../../src/organisations/administer.ts';
import {
  makeAgreement,
  readAgreements,
  stopAgreement,
} from '../../src/organisations/agreements.ts';
import { changeOrganisation, readDirectory } from '../../src/organisations/directory.ts';
import { join, leave } from '../../src/organisations/groups.ts';
import { readPage } from '../../src/log/reader.ts';
import type { Viewer } from '../../src/sharing/viewer.ts';
import { TLP_ORDER } from '../../src/stix/tlp.ts';
import { findMember } from '../../src/store/members.ts';
import { asViewer } from '../../src/store/transaction.ts';
import type { Actor } from '../support/actors.ts';
import { indicator, newer, TLP_BY_RANK, type PostedObject } from '../support/builders.ts';
import type { Tocsin } from '../support/tocsin.ts';

/** What an organisation has by following the log: ids of objects, and how far it has read. */
export interface Follower {
  readonly slug: string;
  readonly has: Set<string>;
  /** What it shared itself: the log tells of it only what is addressed to it. */
  readonly own: ReadonlySet<string>;
  after: number;
}

export interface World {
  readonly tocsin: Tocsin;
  readonly actors: readonly Actor[];
  readonly groups: readonly string[];
  readonly communities: readonly string[];
  readonly shared: { readonly by: Actor; object: PostedObject }[];
  /** The next number in [0, below). */
  readonly random: (below: number) => number;
}

const by = operator('test');

/** mulberry32: the same numbers for the same seed. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Does one random thing and says what. */
export async function step(world: World): Promise<string> {
  const acts = [share, share, share, update, update, enter, enter, exit, status, agree, unagree];
  const act = one(world, acts) ?? share;
  return act(world);
}

function one<T>({ random }: World, list: readonly T[]): T | undefined {
  return list[random(Math.max(1, list.length))];
}

function actor(world: World): Actor {
  return world.actors[world.random(world.actors.length)] as Actor;
}

async function share(world: World): Promise<string> {
  return post(world, actor(world), indicator());
}

async function update(world: World): Promise<string> {
  const before = one(world, world.shared);
  if (before === undefined) return share(world);
  const object = newer(before.object);
  before.object = object;
  return post(world, before.by, object);
}

async function post(world: World, sharer: Actor, plain: PostedObject): Promise<string> {
  const marking = TLP_BY_RANK[world.random(4)] ?? TLP_BY_RANK[0];
  const object = { ...plain, object_marking_refs: [marking] };
  const names = [...world.groups, ...world.communities, ...world.actors.map(({ slug }) => slug)];
  const audience = [
    ...new Set([one(world, names), world.random(2) === 0 ? one(world, names) : '']),
  ];
  const { status, body } = await sharer.posts(object, { audience: audience.join(',') });
  const { summary } = body as { summary?: Record<string, number> };
  const taken = status === 200 && summary?.['rejected'] === 0;
  if (taken && !world.shared.some((known) => known.object.id === object.id)) {
    world.shared.push({ by: sharer, object });
  }
  return `${sharer.slug} posts ${object.id} rank ${marking} to ${audience.join('+')}: ${status} ${taken}`;
}

async function enter(world: World): Promise<string> {
  const [group = '', { slug }] = [one(world, world.groups), actor(world)];
  await join(world.tocsin.db, by, group, 'member', slug);
  return `${slug} joins ${group}`;
}

async function exit(world: World): Promise<string> {
  const [group = '', { slug }] = [one(world, world.groups), actor(world)];
  await leave(world.tocsin.db, by, group, 'member', slug);
  return `${slug} leaves ${group}`;
}

async function status(world: World): Promise<string> {
  const { slug } = actor(world);
  const [now] = await readDirectory(world.tocsin.db, by, slug);
  const next = now?.status === 'active' ? 'suspended' : 'active';
  await changeOrganisation(world.tocsin.db, by, slug, { status: next }, new Date());
  return `${slug} is ${next}`;
}

async function agree(world: World): Promise<string> {
  const { db } = world.tocsin;
  const [community = '', { slug: organisation }] = [one(world, world.communities), actor(world)];
  const ceiling = TLP_ORDER[world.random(5)] ?? 'green';
  const standing = await standingOf(world, organisation);
  const old = standing.find((agreement) => agreement.community === community);
  const facts = { title: 'T', reference: '', kind: 'mou', documents: [] } as const;
  const terms = { ceiling, validFrom: null, validUntil: null, replaces: old?.id ?? null };
  await makeAgreement(db, by, { ...facts, ...terms, organisation, community }, new Date());
  return `${organisation} agrees for ${community} up to ${ceiling}`;
}

async function unagree(world: World): Promise<string> {
  const { slug } = actor(world);
  const ended = one(world, await standingOf(world, slug));
  if (ended === undefined) return 'nothing';
  await stopAgreement(world.tocsin.db, by, ended.id, new Date());
  return `${slug} ends its agreement for ${ended.community}`;
}

async function standingOf({ tocsin }: World, slug: string) {
  return (await readAgreements(tocsin.db, by, slug)).filter(({ endedAt }) => endedAt === null);
}

/** Reads on as the organisation: puts come, withdrawals go. */
export async function follow({ db }: Tocsin, follower: Follower): Promise<void> {
  const viewer = await viewerOf(db, follower.slug);
  for (let more = true; more;) {
    const page = await readPage(db, viewer, { after: follower.after, limit: 7 });
    for (const { kind, stixId } of page.rows) {
      if (follower.own.has(stixId)) continue;
      if (kind === 'put') follower.has.add(stixId);
      else follower.has.delete(stixId);
    }
    follower.after = page.next;
    more = page.more;
  }
}

/**
 * The objects of others that the organisation sees now, as a key of its own does. What it shared
 * itself it knows without being told.
 */
export async function visibleTo({ db }: Tocsin, slug: string): Promise<string[]> {
  const viewer = await viewerOf(db, slug);
  const rows = await asViewer(
    db,
    viewer,
    (tx) => tx.$queryRaw<{ id: string }[]>`
      select distinct stix_id as id from version
      where not superseded and organisation_id <> ${viewer.organisationId}`,
  );
  return rows.map(({ id }) => id).toSorted();
}

async function viewerOf(db: Tocsin['db'], slug: string): Promise<Viewer> {
  const record = await findMember(db, slug);
  if (record === undefined) throw new Error(`There is no organisation ${slug}`);
  return { ...record.viewer, ceiling: Math.min(3, record.viewer.ceiling) };
}
