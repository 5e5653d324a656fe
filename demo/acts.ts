import type { Tlp } from '../src/stix/marking/tlp.ts';
import { ALLY, INDUSTRY, PARTNER, POSTER } from './cast.ts';
import { makeIndicators, nextVersion, versionKey, type Marked } from './content.ts';

/** One post, and who is to get what of it: written down by hand, not asked of the server. */
export interface Act {
  readonly title: string;
  /** Slugs of whom it is shared with. */
  readonly audience: readonly string[];
  readonly shared: readonly Marked[];
  /** Markings that reach an organisation, by its slug; of those left out it gets nothing. */
  readonly reaches: ReadonlyMap<string, readonly Tlp[]>;
  /** Why an organisation gets not everything or nothing, by its slug. */
  readonly because: ReadonlyMap<string, string>;
}

/** Whatever a key of the organisation may see: never TLP:RED. */
const EVERYTHING: readonly Tlp[] = ['clear', 'green', 'amber', 'amber+strict'];

/** The versions of an act that an organisation is to get. */
export function duesOf(act: Act, slug: string): string[] {
  const tlps = act.reaches.get(slug) ?? [];
  return act.shared
    .filter(({ tlp }) => tlps.includes(tlp))
    .map(({ indicator }) => versionKey(indicator));
}

/** What happens in the demo, in order; `author` is the poster's STIX identity. */
export function writeActs(author: string): Act[] {
  const green = makeIndicators(author, 'green', 0, 1400);
  const amber = makeIndicators(author, 'amber', 1400, 600);
  const grid = makeIndicators(author, 'green', 2000, 300);
  return [
    toAllies([...green, ...amber]),
    toPartners(grid),
    toOneAlly(makeIndicators(author, 'amber+strict', 2300, 25)),
    red(makeIndicators(author, 'red', 2325, 1)),
    revocation(green.slice(0, 1).map((known) => nextVersion(known, { revoked: true }))),
    correction(grid.slice(0, 1).map((known) => nextVersion(known, { confidence: 95 }))),
    toEverybody(makeIndicators(author, 'clear', 2326, 1)),
  ];
}

function toAllies(shared: Marked[]): Act {
  return {
    title: '2,000 indicators to allies: 1,400 TLP:GREEN, 600 TLP:AMBER',
    audience: ['allies'],
    shared,
    reaches: reaching([POSTER.slug, ALLY.slug], [[PARTNER.slug, ['clear', 'green']]]),
    because: new Map([
      [PARTNER.slug, 'the 600 TLP:AMBER are above its agreement'],
      [INDUSTRY.slug, 'it is not in allies'],
    ]),
  };
}

function toPartners(shared: Marked[]): Act {
  return {
    title: '300 indicators about power grids to partnership: TLP:GREEN',
    audience: ['partnership'],
    shared,
    reaches: reaching([POSTER.slug, INDUSTRY.slug]),
    because: new Map([
      [ALLY.slug, 'it is not in partnership'],
      [PARTNER.slug, 'it is not in partnership'],
    ]),
  };
}

function toOneAlly(shared: Marked[]): Act {
  return {
    title: `25 indicators to ${ALLY.slug} by name: TLP:AMBER+STRICT`,
    audience: [ALLY.slug],
    shared,
    reaches: reaching([POSTER.slug, ALLY.slug]),
    because: new Map([
      [PARTNER.slug, 'it is not named'],
      [INDUSTRY.slug, 'it is not named'],
    ]),
  };
}

function red(shared: Marked[]): Act {
  return {
    title: `1 indicator to ${ALLY.slug} by name: TLP:RED`,
    audience: [ALLY.slug],
    shared,
    reaches: new Map(),
    because: new Map([
      [ALLY.slug, 'TLP:RED is for people, never for machines'],
      [PARTNER.slug, 'it is not named'],
      [INDUSTRY.slug, 'it is not named'],
    ]),
  };
}

function revocation(shared: Marked[]): Act {
  return {
    title: 'a revocation: one of the 2,000 was a false alarm',
    audience: ['allies'],
    shared,
    reaches: reaching([POSTER.slug, ALLY.slug, PARTNER.slug]),
    because: new Map([[INDUSTRY.slug, 'it never had that indicator']]),
  };
}

function correction(shared: Marked[]): Act {
  return {
    title: 'a newer version: one of the 300 is sure now, confidence 95',
    audience: ['partnership'],
    shared,
    reaches: reaching([POSTER.slug, INDUSTRY.slug]),
    because: new Map([
      [ALLY.slug, 'it never had that indicator'],
      [PARTNER.slug, 'it never had that indicator'],
    ]),
  };
}

/** The last: what arrives before it is all that was ever going to, since the log is in order. */
function toEverybody(shared: Marked[]): Act {
  return {
    title: '1 indicator to allies and partnership at once: TLP:CLEAR',
    audience: ['allies', 'partnership'],
    shared,
    reaches: reaching([POSTER.slug, ALLY.slug, PARTNER.slug, INDUSTRY.slug]),
    because: new Map(),
  };
}

function reaching(
  whole: readonly string[],
  inPart: readonly (readonly [string, readonly Tlp[]])[] = [],
): ReadonlyMap<string, readonly Tlp[]> {
  return new Map([...whole.map((slug) => [slug, EVERYTHING] as const), ...inPart]);
}
