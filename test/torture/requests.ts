import { TLP_ORDER, tlpRank, type Tlp } from '../../src/stix/marking/tlp.ts';
import { AUDIENCES, communityOf, MEMBERS, rankOf, reachOf } from './alliance.ts';
import { keyOf, type Posted } from './ledger.ts';
import { brokenObjectOf, objectOf, type Draft } from './objects.ts';
import type { Random } from './random.ts';

/** One request as a writer will send it, again and again where it gets no answer. */
export interface Planned {
  readonly path: string;
  readonly body: string;
  readonly kind: 'single' | 'bundle' | 'atomic' | 'lines' | 'dry_run';
  /** The versions in it, in order, each with whether it is one that must be taken. */
  readonly parts: readonly { readonly posted: Posted; readonly good: boolean }[];
  /** What the writer's objects are once it is taken. */
  readonly after: ReadonlyMap<string, ObjectState>;
}

/** How far a writer has come with an object of its own. */
export interface ObjectState {
  readonly version: number;
  readonly revoked: boolean;
  /** Whether it was shared at TLP:RED: a key may not lower or widen it after that. */
  readonly red: boolean;
}

export interface Planner {
  readonly sharer: string;
  readonly writer: string;
  readonly random: Random;
  /** Its objects that may get further versions. */
  readonly objects: ReadonlyMap<string, ObjectState>;
}

const DOORS: Readonly<Record<Planned['kind'], string>> = {
  single: '/api/v1/indicators',
  bundle: '/api/v1/bundles',
  atomic: '/api/v1/bundles',
  lines: '/api/v1/bundles',
  dry_run: '/api/v1/bundles',
};
const KINDS = ['single', 'bundle', 'bundle', 'bundle', 'atomic', 'lines', 'dry_run'] as const;
const EPOCH_MS = Date.parse('2026-02-01T00:00:00.000Z');
const FIRST = new Date(EPOCH_MS + 1000).toISOString();
let requests = 0;
let drafts = 0;

export function planRequest(planner: Planner): Planned {
  const { random, sharer } = planner;
  const request = ++requests;
  const kind = random.pick(KINDS);
  const audience = random.pick(AUDIENCES[sharer] ?? [[]]);
  const tlps = markingsFor(sharer, audience);
  const allOrNothing = kind === 'atomic' || kind === 'lines';
  const count = kind === 'single' ? 1 : random.between(1, random.chance(0.1) ? 120 : 12);
  const after = new Map<string, ObjectState>();
  const parts: { posted: Posted; good: boolean; object: object }[] = [];
  for (let i = 0; i < count; i++) {
    const draft = draftFor(planner, after, kind === 'single', random.pick(tlps));
    const good = !random.chance(allOrNothing ? 0.03 : 0.06);
    if (good) after.set(draft.stixId, stateOf(draft));
    const object = good ? objectOf(draft) : brokenObjectOf(draft);
    const posted = postedOf(sharer, audience, draft, { request, good });
    parts.push({ posted, good, object });
  }
  const objects = parts.map(({ object }) => object);
  // A later version goes to more members only where the request names them.
  const areNew = parts.every(({ posted }) => posted.modified === FIRST);
  const named = audience.length > 0 || areNew ? audience : [communityOf(sharer)];
  const path = pathOf(kind, named, allOrNothing);
  return { path, body: bodyOf(kind, objects, random), kind, parts, after };
}

function pathOf(kind: Planned['kind'], audience: readonly string[], atomic: boolean): string {
  const query = new URLSearchParams({
    ...(audience.length > 0 && { audience: audience.join(',') }),
    ...(atomic && { atomic: 'true' }),
    ...(kind === 'dry_run' && { dry_run: 'true' }),
  });
  return `${DOORS[kind]}?${query.toString()}`;
}

function bodyOf(kind: Planned['kind'], objects: readonly object[], random: Random): string {
  if (kind === 'single') return JSON.stringify(objects[0]);
  if (kind === 'lines') return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  return JSON.stringify({ type: 'bundle', id: `bundle--${random.uuid()}`, objects });
}

/** A new object or, more often once there are some, a newer version of one. */
function draftFor(
  planner: Planner,
  after: ReadonlyMap<string, ObjectState>,
  indicator: boolean,
  tlp: Tlp | undefined,
): Draft {
  const { writer, random, objects } = planner;
  const known = [...objects].filter(
    ([id, { revoked, red }]) => !revoked && !red && (!indicator || id.startsWith('indicator')),
  );
  const type = indicator || random.chance(0.8) ? 'indicator' : 'malware';
  const [stixId, stored] =
    known.length > 0 && random.chance(0.6)
      ? random.pick(known)
      : [`${type}--${random.uuid()}`, undefined];
  const state = after.get(stixId) ?? stored ?? { version: 0, revoked: false, red: false };
  // An object that this very request revokes, or shares at TLP:RED, gets no version after that.
  if (state.revoked || state.red)
    return draftFor({ ...planner, objects: new Map() }, after, indicator, tlp);
  const version = state.version + 1;
  const modified = new Date(EPOCH_MS + version * 1000).toISOString();
  const revoked = version > 1 && random.chance(0.05);
  return { stixId, modified, name: `made up ${++drafts} by ${writer}`, tlp, revoked };
}

function stateOf({ modified, revoked, tlp }: Draft): ObjectState {
  const version = (Date.parse(modified) - EPOCH_MS) / 1000;
  return { version, revoked, red: tlp === 'red' };
}

function postedOf(
  sharer: string,
  audience: readonly string[],
  { stixId, modified, name, tlp }: Draft,
  { request, good }: { request: number; good: boolean },
): Posted {
  return {
    key: keyOf({ id: stixId, modified, name }),
    stixId,
    modified,
    sharer,
    reach: reachOf(sharer, audience, tlp),
    rank: rankOf(tlp),
    request,
    // What is broken is not taken, whether that is answered or not.
    fate: good ? 'unknown' : 'refused',
    answeredMs: undefined,
  };
}

/** What the sharer may mark what it shares so with; TLP:RED only where organisations are named. */
function markingsFor(sharer: string, audience: readonly string[]): (Tlp | undefined)[] {
  const member = MEMBERS.find(({ slug }) => slug === sharer);
  const named =
    audience.length > 0 && audience.every((name) => MEMBERS.some((m) => m.slug === name));
  const ceiling = tlpRank(member?.ceiling ?? 'clear');
  const allowed = TLP_ORDER.filter((tlp) => tlpRank(tlp) <= ceiling && (tlp !== 'red' || named));
  return [undefined, undefined, ...allowed];
}
