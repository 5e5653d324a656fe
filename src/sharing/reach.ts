/**
 * Who sees what is shared so, and why the others do not. Pure: the facts come as arguments. What is
 * said here is what row security does (see the policies `visible` in prisma/definitions), told step by
 * step and only as far as who asks may know it.
 */

import type { Member } from './member.ts';

/** An organisation as far as what is shared with it is concerned. */
export interface Entitlement {
  readonly id: number;
  readonly slug: string;
  readonly status: string;
  /** Whether it takes part in the realm at all. */
  readonly inRealm: boolean;
  /** TLP rank up to which its agreements in force reach; null when none is in force. */
  readonly ceiling: number | null;
  /** Ids of those of the parts in question that it is in. */
  readonly partIds: readonly number[];
}

/** One of the communities, groups and organisations that make an audience. */
export interface Part {
  readonly id: number;
  readonly kind: 'community' | 'group' | 'organisation' | 'union';
  readonly slug: string;
  readonly hiddenMembers: boolean;
  readonly ownerIds: readonly number[];
}

/** A part of an audience, and whether who asks may know who is in it. */
export interface KnownPart extends Part {
  readonly told: boolean;
}

/** Who asks. */
export interface Asker {
  readonly organisationId: number;
  /** Whether it administrates the whole server. */
  readonly admin: boolean;
  /** Ids of the audiences that it is in. */
  readonly audiences: readonly number[];
}

/** A member as one who asks about audiences. */
export function askerOf({ viewer, role }: Member): Asker {
  const { organisationId, audiences } = viewer;
  return { organisationId, audiences, admin: role === 'admin' };
}

/** How something is shared. */
export interface Shared {
  readonly sharerId: number;
  /** TLP rank. */
  readonly tlp: number;
  readonly parts: readonly KnownPart[];
}

export const STEPS = ['realm', 'status', 'agreement', 'audience', 'ceiling'] as const;

/** One condition of seeing. Null: the caller may not know whether it is met. */
export interface Step {
  readonly step: (typeof STEPS)[number];
  readonly met: boolean | null;
  /** Slugs of the parts by which it is in the audience; its own when it is the sharer. */
  readonly through?: readonly string[];
}

export const REASONS = [
  'not_in_realm',
  'not_active',
  'no_agreement',
  'not_in_audience',
  'ceiling_too_low',
  'not_told',
] as const;
export type Reason = (typeof REASONS)[number];

export interface Verdict {
  /** Null if the caller may not know it. */
  readonly sees: boolean | null;
  /** Why it does not, or why that is not told. */
  readonly reason: Reason | undefined;
  /** Why it does: slugs of parts of the audience. */
  readonly through: readonly string[];
}

const WHEN_NOT: Readonly<Record<Step['step'], Reason>> = {
  realm: 'not_in_realm',
  status: 'not_active',
  agreement: 'no_agreement',
  audience: 'not_in_audience',
  ceiling: 'ceiling_too_low',
};

/**
 * The parts of an audience with what who asks may know of each. Who is in a community, those in it
 * know; who is in a group, its owners know, and its members unless they are hidden from one another.
 */
export function partsFor(asker: Asker, parts: readonly Part[]): KnownPart[] {
  return parts.map((part) => ({ ...part, told: isTold(asker, part) }));
}

function isTold({ organisationId, admin, audiences }: Asker, part: Part): boolean {
  if (admin || part.kind === 'organisation' || part.ownerIds.includes(organisationId)) return true;
  return audiences.includes(part.id) && !part.hiddenMembers;
}

/**
 * Whether the caller may know of an organisation: it is in the directory, named by the caller, or the caller's own. In an
 * exercise, who takes no part in it is not told of at all.
 */
export function isKnown(asker: Asker, entitlement: Entitlement, parts: readonly Part[]): boolean {
  if (!entitlement.inRealm) return false;
  if (asker.admin || entitlement.id === asker.organisationId || entitlement.status === 'active') {
    return true;
  }
  return parts.some(({ kind, slug }) => kind === 'organisation' && slug === entitlement.slug);
}

/**
 * The conditions of seeing, in order. A part of which who asks may not know the members counts as
 * if nobody were in it but for one thing: who is in no other part may be in that one. So nothing
 * in the answer depends on its members.
 */
export function stepsOf(entitlement: Entitlement, { sharerId, tlp, parts }: Shared): Step[] {
  const { inRealm, status, ceiling, partIds } = entitlement;
  const known = parts.filter(({ id, told }) => told && partIds.includes(id));
  const own = entitlement.id === sharerId ? [entitlement.slug] : [];
  const through = [...new Set([...own, ...known.map(({ slug }) => slug)])];
  const hidden = parts.some(({ told }) => !told);
  return [
    { step: 'realm', met: inRealm },
    { step: 'status', met: status === 'active' },
    { step: 'agreement', met: ceiling !== null },
    { step: 'audience', met: through.length > 0 || (hidden ? null : false), through },
    { step: 'ceiling', met: ceiling !== null && ceiling >= tlp },
  ];
}

/** What the conditions come to: one that is not met decides, whatever is not told of others. */
export function verdictOf(steps: readonly Step[]): Verdict {
  const through = steps.flatMap((step) => step.through ?? []);
  const unmet = steps.find(({ met }) => met === false);
  if (unmet !== undefined) return { sees: false, reason: WHEN_NOT[unmet.step], through };
  const untold = steps.some(({ met }) => met === null);
  return untold
    ? { sees: null, reason: 'not_told', through }
    : { sees: true, reason: undefined, through };
}
