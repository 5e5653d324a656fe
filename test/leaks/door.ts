/** What a door is to the test: a way in which content, or anything drawn from it, is read. */
import type { Role } from '../../src/sharing/member.ts';
import { ask, wordsIn, type Answer, type World } from './world.ts';
import type { Follower } from './follower.ts';
import type { Viewer } from './founding.ts';
import type { Hearing, Sight } from './judge.ts';

export interface Door {
  readonly name: string;
  /** The routes that it reads, as the server names them: `GET /api/v1/changes`. */
  readonly routes: readonly string[];
  /** The names under which the audit records its disclosures. */
  readonly discloses?: readonly string[];
  /** Its turn comes at each so-many-th step; each unless told otherwise, and always at the last. */
  readonly every?: number;
  /** Reads it as a viewer, and compares. */
  read(visit: Visit, hearing: Hearing): Promise<void>;
}

/** A viewer at a moment of a history. */
export interface Visit {
  readonly world: World;
  readonly who: Viewer;
  /** The name of its organisation. */
  readonly viewer: string;
  readonly sight: Sight;
  /** What it saw a step before: what was sent then may arrive now. */
  readonly before: Sight;
  /** The role of the key with which content is read: another one at each step. */
  readonly role: Role;
  /** The objects that doors which tell of one at a time are asked for. */
  readonly sample: readonly number[];
  readonly followers: Readonly<Record<'changes' | 'stream' | 'webhook', Follower>>;
  /** By organisation, the id of its subscription. */
  readonly subscriptions: ReadonlyMap<string, string>;
}

/** People administrate their organisations; keys are of all roles. */
export function roleOf({ who, role }: Visit, wished: Role = role): Role {
  return who.person ? 'org_admin' : wished;
}

/** Asks as the viewer: in person, or with a key of the role given or of the visit's. */
export function askAs(
  visit: Visit,
  path: string,
  more: { role?: Role; method?: 'POST'; body?: object; accept?: string } = {},
): Promise<Answer> {
  const { role, ...rest } = more;
  const { world, who } = visit;
  return ask(world, { key: world.credential(who, roleOf(visit, role)), path, ...rest });
}

/** No answer holds a word of a version that may not be shown, wherever it stands. */
export function refuseWords({ world, sight }: Visit, hearing: Hearing, text: string): Set<number> {
  const words = wordsIn(world, text);
  for (const number of words) {
    if (sight.words.has(number)) continue;
    const version = world.model.versions.find((one) => one.number === number);
    hearing.refuse(version?.object ?? `version ${number}`, `content of ${version?.sharer}`);
  }
  return words;
}

/** A caller that does not take part learns only that. */
export function isTurnedAway(
  { sight }: Visit,
  hearing: Hearing,
  { status, text }: Answer,
): boolean {
  const away = status === 403 && text.includes('"organisation_not_active"');
  if (away === sight.takesPart) {
    hearing.compare('everything', !away, { due: sight.takesPart, detail: `${status}` });
  }
  return away || !sight.takesPart;
}
