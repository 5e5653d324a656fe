/**
 * The made-up alliance, and who must see what in it, written from the rules and not from the
 * server's code: an object reaches the members of the audiences it names whose ceiling covers its
 * marking, and always the one who shared it.
 */
import { tlpRank, type Tlp } from '../../src/stix/marking/tlp.ts';

export interface Member {
  readonly slug: string;
  readonly communities: readonly string[];
  readonly ceiling: Tlp;
}

/** The organisation that the first start makes. */
export const OWNER = 'owner';

export const MEMBERS: readonly Member[] = [
  { slug: OWNER, communities: ['alliance'], ceiling: 'red' },
  { slug: 'cert-a', communities: ['alliance', 'partners'], ceiling: 'red' },
  { slug: 'cert-b', communities: ['alliance'], ceiling: 'red' },
  { slug: 'agency-c', communities: ['alliance', 'partners'], ceiling: 'amber' },
  { slug: 'ally-d', communities: ['alliance'], ceiling: 'green' },
  { slug: 'partner-e', communities: ['partners'], ceiling: 'amber+strict' },
  { slug: 'outsider-f', communities: ['outside'], ceiling: 'red' },
];

/** What each sharer may name as its audience; none is its default community. */
export const AUDIENCES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'cert-a': [
    [],
    ['alliance', 'partners'],
    ['partners'],
    ['cert-b'],
    ['cert-b', 'agency-c'],
    ['agency-c', 'partner-e'],
  ],
  'cert-b': [[], ['cert-a'], ['cert-a', 'agency-c', 'ally-d'], ['alliance', 'partner-e']],
  'agency-c': [[], ['partners'], ['cert-a', 'cert-b', 'partner-e']],
};

const DEFAULT_MARKING: Tlp = 'amber';

/** TLP:RED goes to people, never to a key, a feed or a webhook. */
export const KEY_RANK_MAX = tlpRank('amber+strict');

/** Which members an object so marked reaches; those whose ceiling is below its marking are out. */
export function reachOf(
  sharer: string,
  audience: readonly string[],
  tlp: Tlp | undefined,
): Set<string> {
  const named = audience.length > 0 ? audience : [communityOf(sharer)];
  const rank = tlpRank(tlp ?? DEFAULT_MARKING);
  const reached = MEMBERS.filter(
    ({ slug, communities, ceiling }) =>
      (slug === sharer || named.some((name) => name === slug || communities.includes(name))) &&
      tlpRank(ceiling) >= rank,
  );
  return new Set(reached.map(({ slug }) => slug));
}

/** The rank of what is marked so. */
export function rankOf(tlp: Tlp | undefined): number {
  return tlpRank(tlp ?? DEFAULT_MARKING);
}

export function communityOf(slug: string): string {
  const first = MEMBERS.find((member) => member.slug === slug)?.communities[0];
  if (first === undefined) throw new Error(`${slug} is in no community`);
  return first;
}
