/** What the steps of a history are on a running server. */
import { noteStanding } from '../../src/store/members/membership.ts';
import { PEOPLE } from './founding.ts';
import { UNMARKED } from './model.ts';
import { actsInPerson, type Version } from './shared.ts';
import type { ContentStep, MemberStep, Rank, Step } from './step.ts';
import { isAboutContent } from './step.ts';
import { TLP_ORDER } from '../../src/stix/marking/tlp.ts';
import { bundle, type PostedObject } from '../support/builders.ts';
import { secretContainer } from './containers.ts';
import { administrates, ask, idOf, must, versionToPost, type Answer, type World } from './world.ts';

/** Versions posted so far, which the model counts alike. */
const posted = new WeakMap<World, number>();

/** Does it. Whether the server allowed it; for shares, of each object. */
export async function perform(world: World, step: Step): Promise<boolean[]> {
  const allowed = isAboutContent(step)
    ? await actOnContent(world, step)
    : [await actOnMembers(world, step)];
  await world.tocsin.sequenced();
  return allowed;
}

async function actOnContent(world: World, step: ContentStep): Promise<boolean[]> {
  if (step.act === 'share') return share(world, step);
  if (step.act === 'pass on') return passOn(world, step);
  if (step.act === 'purge') return purge(world, step);
  const asked = {
    key: publisherOf(world, step.by),
    path: `/objects/${idOf(world, step.object)}`,
  };
  if (step.act === 'revoke') {
    const answer = await ask(world, { ...asked, method: 'POST', path: `${asked.path}/revoke` });
    return [taken(answer) && outcomeOf(answer.text) !== 'rejected'];
  }
  const body = {
    ...(step.to.length > 0 ? { audience: step.to.map(world.slugOf) } : {}),
    ...(step.rank === null ? {} : { tlp: TLP_ORDER[step.rank] }),
  };
  return [taken(await ask(world, { ...asked, method: 'PATCH', body }))];
}

/** A user with clearance where the organisation has one, so that RED objects are changed as well. */
function publisherOf(world: World, by: string): string {
  const person = actsInPerson(by)
    ? PEOPLE.find((one) => one.organisation === by && one.cleared)
    : undefined;
  return person === undefined ? world.key(by, 'publisher') : world.credential(person, 'publisher');
}

async function purge(world: World, { object }: { readonly object: number }): Promise<boolean[]> {
  const path = `/objects/${idOf(world, object)}/purge`;
  return [taken(await administrates(world, 'POST', path, { reason: 'A history has it so' }))];
}

/** What the model says can be reshared, as the resharer sees it. */
async function passOn(
  world: World,
  step: Extract<ContentStep, { act: 'pass on' }>,
): Promise<boolean[]> {
  const version = world.model.passable(step);
  if (version === undefined) return [false];
  const { number } = version;
  const rank = servedRank(world, step.by, version);
  const creator = world.model.creatorOf(step.object);
  return post(world, step, [versionToPost(world, { object: step.object, number, rank, creator })]);
}

/**
 * The level whose reference it bears; as it was posted if its sharer lowered an unmarked one
 * below the default level of the resharer.
 */
function servedRank({ model }: World, by: string, version: Version): Rank | null {
  const { object, number, marked } = version;
  const eyes = { organisation: by, cleared: false };
  const same = model.versionsOf(object).filter((one) => one.number === number && !one.revoked);
  const seen = same.filter((one) => one.sharer !== by && model.mayShow(eyes, one));
  const rank = Math.max(-1, ...seen.map(({ address }) => address.rank));
  return rank >= (marked ?? UNMARKED) ? rank : marked;
}

async function share(world: World, step: Extract<Step, { act: 'share' }>): Promise<boolean[]> {
  const first = (posted.get(world) ?? 0) + 1;
  posted.set(world, first - 1 + step.objects.length);
  const objects = step.objects.map((object, i) => {
    const rank = step.ranks[i] ?? null;
    const creator = world.model.creatorOf(object);
    return versionToPost(world, { object, number: first + i, rank, creator });
  });
  const named = step.to.every((name) => world.model.members.organisations.has(name));
  if (named && step.to.length > 0) return post(world, step, objects);
  const withSecret = await post(world, step, [...objects, secretContainer(world, first)]);
  return withSecret.slice(0, objects.length);
}

async function post(
  world: World,
  step: { readonly by: string; readonly to: readonly string[] },
  objects: readonly PostedObject[],
): Promise<boolean[]> {
  // Named also where it is the default: a later version goes to more members only where the request names them.
  const usual = world.model.members.organisations.get(step.by)?.defaultCommunity ?? '';
  const wished = step.to.length > 0 || usual === '' ? step.to : [usual];
  const to = wished.map(world.slugOf).join(',');
  const answer = await ask(world, {
    key: world.key(step.by, 'publisher'),
    method: 'POST',
    path: to === '' ? '/bundles' : `/bundles?audience=${to}`,
    body: bundle(objects),
  });
  if (!taken(answer)) return objects.map(() => false);
  const { results } = JSON.parse(answer.text) as { results: { outcome: string }[] };
  return results.map(({ outcome }) => outcome === 'created' || outcome === 'updated');
}

async function actOnMembers(world: World, step: MemberStep): Promise<boolean> {
  const { slugOf } = world;
  switch (step.act) {
    case 'make group':
      return makeGroup(world, step);
    case 'change group': {
      const change = { open: step.open, hidden_members: step.hidden };
      const path = `/sharing-groups/${slugOf(step.group)}`;
      return taken(await administrates(world, 'PATCH', path, change));
    }
    case 'join':
    case 'leave':
      return taken(await move(world, step));
    case 'make community': {
      const [within, contains] = [step.within.map(slugOf), step.contains.map(slugOf)];
      const wish = { slug: slugOf(step.community), name: step.community, within, contains };
      return taken(await administrates(world, 'POST', '/communities', wish));
    }
    case 'status': {
      const path = `/organisations/${slugOf(step.organisation)}`;
      return taken(await administrates(world, 'PATCH', path, { status: step.status }));
    }
    default:
      return changeAgreement(world, step);
  }
}

async function makeGroup(
  world: World,
  step: Extract<Step, { act: 'make group' }>,
): Promise<boolean> {
  const slug = world.slugOf(step.group);
  const kind = { open: step.open, hidden_members: step.hidden };
  const body = { slug, name: slug, members: step.members.map(world.slugOf), ...kind };
  const key = world.key(step.by, 'publisher');
  const answer = await ask(world, { key, method: 'POST', path: '/sharing-groups', body });
  if (!taken(answer)) return false;
  world.groupSlugs.set(step.group, (JSON.parse(answer.text) as { slug: string }).slug);
  return true;
}

function move(world: World, step: Extract<Step, { itself: boolean }>): Promise<Answer> {
  const organisation = world.slugOf(step.organisation);
  const path = `/sharing-groups/${world.slugOf(step.group)}/members`;
  const own = world.key(step.organisation, 'publisher');
  const key = step.itself ? own : (world.administrators[0] ?? '');
  return step.act === 'join'
    ? ask(world, { key, method: 'POST', path, body: { organisation } })
    : ask(world, { key, method: 'DELETE', path: `${path}/${organisation}` });
}

interface AgreementAnswer {
  readonly id: number;
  readonly community: string;
  readonly approved_at: string | null;
  readonly ended_at: string | null;
  readonly valid_from: string;
  readonly valid_until: string | null;
}

const HOUR_MS = 3_600_000;

async function changeAgreement(
  world: World,
  step: Extract<MemberStep, { community: string; organisation: string }>,
): Promise<boolean> {
  const { inForce, waiting, later } = await agreementsOf(world, step);
  switch (step.act) {
    case 'agree': {
      const nowMs = Date.now();
      const answer = await administrates(world, 'POST', '/agreements', {
        organisation: world.slugOf(step.organisation),
        community: world.slugOf(step.community),
        title: 'Arrangement',
        kind: 'mou',
        ceiling: TLP_ORDER[step.rank],
        valid_from: step.later ? new Date(nowMs + 5 * HOUR_MS).toISOString() : null,
        valid_until: new Date(nowMs + 10 * HOUR_MS).toISOString(),
        replaces: step.later ? null : (inForce ?? null),
      });
      return taken(answer);
    }
    case 'approve': {
      if (waiting === undefined) return false;
      const path = `/agreements/${waiting}/approvals`;
      return taken(await administrates(world, 'POST', path, undefined, step.administrator));
    }
    case 'end':
      if (inForce === undefined) return false;
      return taken(await administrates(world, 'POST', `/agreements/${inForce}/end`));
    case 'begin':
      return passTime(world, later, 'valid_from = now()');
    case 'expire':
      return passTime(world, inForce, `valid_from = now() - interval '1 day', valid_until = now()`);
  }
}

/** The clock of the database cannot be moved, so what it is held against is. */
async function passTime(world: World, id: number | undefined, moved: string): Promise<boolean> {
  if (id === undefined) return false;
  await world.tocsin.sql(`update agreement set ${moved} where id = $1`, [id]);
  await noteStanding(world.tocsin.db);
  return true;
}

async function agreementsOf(
  world: World,
  { organisation, community }: { organisation: string; community: string },
) {
  const path = `/agreements?organisation=${world.slugOf(organisation)}`;
  const { text } = await must(administrates(world, 'GET', path));
  const { agreements } = JSON.parse(text) as { agreements: AgreementAnswer[] };
  const all = agreements.filter(
    (one) => one.community === world.slugOf(community) && one.ended_at === null,
  );
  const now = new Date().toISOString();
  const approved = all.filter(
    (one) => one.approved_at !== null && (one.valid_until === null || one.valid_until > now),
  );
  return {
    inForce: approved.find((one) => one.valid_from <= now)?.id,
    later: approved.find((one) => one.valid_from > now)?.id,
    waiting: all.find((one) => one.approved_at === null)?.id,
  };
}

function taken({ status }: Answer): boolean {
  return status < 300;
}

function outcomeOf(text: string): string {
  return (JSON.parse(text) as { outcome: string }).outcome;
}
