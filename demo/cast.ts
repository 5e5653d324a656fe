import type { OrganisationKind } from '../src/members/create.ts';
import type { Tlp } from '../src/stix/marking/tlp.ts';

/** A member of the demo's alliance. The names are made up. */
export interface Player {
  readonly slug: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  /** The first is its default audience. */
  readonly communities: readonly string[];
  /** The highest marking that its agreement covers. */
  readonly ceiling: Tlp;
  readonly part: 'posts' | 'webhook' | 'feed';
  /** Who it is, for somebody who sees Tocsin for the first time. */
  readonly about: string;
}

export const POSTER: Player = {
  slug: 'cert-aurelia',
  name: 'CERT of Aurelia',
  kind: 'allied_nation',
  communities: ['allies', 'partnership'],
  ceiling: 'red',
  part: 'posts',
  about: 'the CERT of a nation, in allies and in partnership; it will post',
};

export const ALLY: Player = {
  slug: 'cert-borealis',
  name: 'CERT of Borealis',
  kind: 'allied_nation',
  communities: ['allies'],
  ceiling: 'red',
  part: 'webhook',
  about: 'the CERT of an ally, in allies; wants a signed webhook',
};

export const PARTNER: Player = {
  slug: 'cert-cascadia',
  name: 'CERT of Cascadia',
  kind: 'partner_nation',
  communities: ['allies'],
  ceiling: 'green',
  part: 'feed',
  about: 'a partner nation, in allies up to TLP:GREEN; an analyst pulls',
};

export const INDUSTRY: Player = {
  slug: 'meridian-energy',
  name: 'Meridian Energy',
  kind: 'industry',
  communities: ['partnership'],
  ceiling: 'amber',
  part: 'webhook',
  about: 'a power company, in partnership only; wants a signed webhook',
};

/** Four organisations in two communities, `allies` and `partnership`. */
export const CAST: readonly Player[] = [POSTER, ALLY, PARTNER, INDUSTRY];
