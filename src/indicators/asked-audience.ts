/**
 * Objects without versions (and identities, which tools send like them) that are posted for several
 * audiences. Each audience keeps the content that it received, at the same level, and a post
 * never lowers that: a post replaces stored content only if everybody who had it receives
 * the new content at the same level. Pure.
 */
import type { Finding } from '../stix/check/check.ts';
import { SCO_TYPES } from '../stix/object.ts';
import { levelName, tlpRank } from '../stix/marking/tlp.ts';
import type { Decision, KnownVersion } from './decision.ts';
import type { Candidate } from './examine.ts';

/** With whom a request shares, beside those with whom its objects are shared already. */
export interface AskedAudience {
  /** Communities, sharing groups and organisations. */
  readonly partIds: ReadonlySet<number>;
  /** The sharer alone, who sees it anyway. */
  readonly own: number;
  readonly namesOrganisations: boolean;
  /** Whether the request named no audience, and the default community was taken. */
  readonly byDefault: boolean;
  /** The organisations that the request names one by one; empty where it names communities or groups. */
  readonly named: readonly Named[];
  /** Whether the caller has RED clearance. */
  readonly cleared: boolean;
  /** What a part is called in the API. */
  readonly slugs: ReadonlyMap<number, string>;
  /** The parts of the audiences of stored versions. */
  readonly partsOf: ReadonlyMap<number, ReadonlySet<number>>;
}

/** An organisation that a request names. */
export interface Named {
  readonly slug: string;
  /** TLP rank up to which it may see; null where it takes no part at present. */
  readonly ceiling: number | null;
}

/** Where a new version goes among the stored ones of its object. */
export interface Place {
  readonly replaces: readonly KnownVersion[];
  readonly remaining: readonly KnownVersion[];
  /** Undefined where there are too many. */
  readonly variant: number | undefined;
  readonly warning: Finding | undefined;
}

/** What one organisation gives to different audiences of one object, at most. */
export const VARIANTS_MAX = 16;
const RED = tlpRank('red');

/**
 * How a level is lowered, for warnings about one that stays: PATCH does not go below the marking that an
 * object carries (`readdress`).
 */
export function howToLower(hasVersions: boolean): string {
  const patch =
    'To lower it, use PATCH /api/v1/objects/{id}; below the marking that the object carries, ';
  return hasVersions
    ? `${patch}post a version with a later \`modified\``
    : `${patch}PATCH its \`audience\` to the name of the sharer first, and post it again`;
}

const SLUGS_NAMED_MAX = 10;

/** Decides which stored versions a new one replaces. */
export function atLevels(
  candidate: Candidate,
  current: readonly KnownVersion[],
  asked: AskedAudience,
): Place {
  // An identity has versions, of which a later one may state a lower level.
  const isOfItsLevel = ({ tlp }: KnownVersion): boolean =>
    candidate.type === 'identity' ? candidate.tlp <= tlp : candidate.tlp === tlp;
  const isReplaced = (stored: KnownVersion): boolean =>
    !isOutOfReach(candidate, stored, asked) &&
    (!hasVariants(candidate) ||
      (isOfItsLevel(stored) && partsOf(stored, asked).isSubsetOf(asked.partIds)));
  const replaces = current.filter(isReplaced);
  const remaining = current.filter((stored) => !isReplaced(stored));
  const variant = replaces[0]?.variant ?? freeVariant(remaining);
  const others = withinReach(candidate, remaining, asked);
  const warning = others.length > 0 ? beside(candidate.tlp, others, asked) : undefined;
  return { replaces, remaining, variant, warning };
}

/**
 * Whether a new version would go to somebody who was not given the object, only because the request named
 * no audience. (What has an audience for each content, keeps it: see atLevels.)
 */
export function widensByDefault(
  candidate: Candidate,
  current: readonly KnownVersion[],
  asked: AskedAudience,
): boolean {
  if (!asked.byDefault || hasAudienceVariants(candidate) || current.length === 0) return false;
  return !current.some((stored) => covers(stored, asked));
}

/** A warning where an organisation that the request names does not get an object of this level. */
export function notReached(tlp: number, { named }: AskedAudience): Finding | undefined {
  const without = named.filter(({ ceiling }) => ceiling === null || ceiling < tlp);
  if (without.length === 0) return undefined;
  const reasons = without
    .slice(0, SLUGS_NAMED_MAX)
    .map(({ slug, ceiling }) =>
      ceiling === null
        ? `${slug} (takes no part at present)`
        : `${slug} (up to TLP:${levelName(ceiling)})`,
    );
  const more =
    without.length > SLUGS_NAMED_MAX ? ` and ${without.length - SLUGS_NAMED_MAX} more` : '';
  const detail = `the object is TLP:${levelName(tlp)}, which these cannot see: ${reasons.join(', ')}${more}`;
  return { code: 'audience_not_reached', path: '$', detail };
}

/** Says what becomes of unchanged objects that are asked for another audience than they have. */
export function widenings(
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
  asked: AskedAudience,
): Decision[] {
  /** Containers that go to the audience, by their index: what they hold goes with them. */
  const going = new Set<number>();
  return candidates.flatMap((candidate, i) => {
    const decision = decisions[i];
    if (decision === undefined) return [];
    if ('modified' in decision && candidate.isPart !== true) going.add(candidate.index);
    const stored = decision.outcome === 'unchanged' ? decision.stored : undefined;
    if (stored === undefined) return decision;
    if (asked.partIds.isSubsetOf(partsOf(stored, asked))) return decision;
    const gaining = gained(partsOf(stored, asked), asked);
    const mayGo = candidate.isPart !== true || going.has(candidate.index);
    const isWidened = gaining.size > 0 && mayGo && isWidenable(candidate, stored, asked);
    if (!isWidened) return asItWas(stored);
    const warning = widened(gaining, asked, stored.tlp);
    return { outcome: 'updated', widens: stored, gaining, warning };
  });
}

/** Whether an object of this type may have different contents for different audiences. */
export function hasAudienceVariants({ type }: Pick<Candidate, 'type'>): boolean {
  return SCO_TYPES.has(type) || type === 'identity';
}

/** What the caller may replace, and may see: not what is RED, without clearance. */
export function withinReach(
  candidate: Candidate,
  current: readonly KnownVersion[],
  asked: AskedAudience,
): KnownVersion[] {
  return current.filter((stored) => !isOutOfReach(candidate, stored, asked));
}

/** Whether all who are asked for have this version, the sharer aside. */
export function covers(stored: KnownVersion, asked: AskedAudience): boolean {
  return othersAsked(asked).isSubsetOf(partsOf(stored, asked));
}

/** The level at which all who are asked for have the object at least; -1 where one does not have it. */
export function levelAlready(current: readonly KnownVersion[], asked: AskedAudience): number {
  const levels = [...othersAsked(asked)].map((part) => {
    const having = current.filter((stored) => partsOf(stored, asked).has(part));
    return Math.max(-1, ...having.map(({ tlp }) => tlp));
  });
  return Math.min(...levels);
}

/** Whether a version may have this level where it is: what is RED goes to named organisations only. */
export function mayBeRaised(stored: KnownVersion, tlp: number, asked: AskedAudience): boolean {
  if (tlp < RED) return true;
  return asked.namesOrganisations && partsOf(stored, asked).isSubsetOf(asked.partIds);
}

/** The sharer sees its own objects anyway, and counts only where it shares with nobody else. */
function othersAsked({ partIds, own }: AskedAudience): ReadonlySet<number> {
  const others = partIds.difference(new Set([own]));
  return others.size === 0 ? partIds : others;
}

/** Whether different audiences may have different contents of it. A revocation is for everybody. */
function hasVariants(candidate: Candidate): boolean {
  return hasAudienceVariants(candidate) && !candidate.revoked;
}

/** Whether the stored version is RED and the caller, without clearance, posts something lower. */
function isOutOfReach(
  { tlp }: Candidate,
  stored: KnownVersion,
  { cleared }: AskedAudience,
): boolean {
  return !cleared && stored.tlp === RED && tlp < RED;
}

function freeVariant(taken: readonly KnownVersion[]): number | undefined {
  const numbers = new Set(taken.map(({ variant }) => variant));
  for (let number = 0; number < VARIANTS_MAX; number++) if (!numbers.has(number)) return number;
  return undefined;
}

/** The communities, groups and organisations that have a stored version. */
export function partsOf(
  { audienceId }: KnownVersion,
  { partsOf: parts }: AskedAudience,
): ReadonlySet<number> {
  return parts.get(audienceId) ?? new Set<number>();
}

/** Never at a lower level than either post meant; RED goes to named organisations only. */
function isWidenable(candidate: Candidate, stored: KnownVersion, asked: AskedAudience): boolean {
  if (isOutOfReach(candidate, stored, asked)) return false;
  const { type, tlp } = candidate;
  const { namesOrganisations: isNamed } = asked;
  const isUnversioned = SCO_TYPES.has(type) || type === 'marking-definition' || type === 'identity';
  return isUnversioned && tlp <= stored.tlp && (stored.tlp < RED || isNamed) && !stored.revoked;
}

function beside(tlp: number, remaining: readonly KnownVersion[], asked: AskedAudience): Finding {
  const before = remaining.reduce(
    (all, stored) => all.union(partsOf(stored, asked)),
    new Set<number>(),
  );
  const gaining = gained(before, asked);
  const strictest = Math.max(...remaining.map((stored) => stored.tlp));
  if (gaining.size > 0) return widened(gaining, asked, tlp, strictest);
  const detail =
    'Audiences that were given this object before keep it as they got it, at the level of that time. ' +
    `${stricter(tlp, strictest)}Use PATCH /api/v1/objects/{id} with \`audience\` to replace those audiences. ${howToLower(false)}`;
  return { code: 'earlier_audience_kept', path: '$', detail };
}

/** By what was named, not by its members, which the sharer may not be allowed to know. */
function gained(before: ReadonlySet<number>, { partIds, own }: AskedAudience): Set<number> {
  return partIds.difference(before).difference(new Set([own]));
}

/** What those see who have a stricter share, too. */
function stricter(tlp: number, strictest: number): string {
  if (strictest <= tlp) return '';
  return `Members that have it at TLP:${levelName(strictest)} still see that level. `;
}

function widened(
  gaining: ReadonlySet<number>,
  { slugs }: AskedAudience,
  tlp: number,
  strictest = tlp,
): Finding {
  const names = [...gaining].map((id) => slugs.get(id) ?? 'unknown').toSorted();
  const more = names.length - SLUGS_NAMED_MAX;
  const named = names.slice(0, SLUGS_NAMED_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const lowering = stricter(tlp, strictest);
  const how = lowering === '' ? '' : `. ${lowering}${howToLower(false)}`;
  const detail = `This object is shared with ${named} now, too, at TLP:${levelName(tlp)}. Audiences that were given it before keep it as they got it${how}`;
  return { code: 'audience_widened', path: '$', detail };
}

function asItWas(stored: KnownVersion): Decision {
  const detail =
    'this version is stored for another audience, which stays as it is. Use PATCH /api/v1/objects/{id} with `audience` to change it';
  const warning = { code: 'audience_unchanged', path: '$', detail };
  return { outcome: 'unchanged', stored, warning };
}
