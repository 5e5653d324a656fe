import type { Member } from '../sharing/member.ts';
import {
  askerOf,
  isKnown,
  partsFor,
  stepsOf,
  verdictOf,
  type KnownPart,
  type Entitlement,
  type Verdict,
} from '../sharing/reach.ts';
import { sharingFault, type SharingFault } from '../sharing/share.ts';
import { findParts, findEntitlements } from '../store/content/audiences.ts';
import { asViewer } from '../store/postgres/transaction.ts';
import { chooseAudience, isItselfAlone, type ChosenAudience } from './audience.ts';
import type { SharingContext } from './context.ts';
import { examineAll } from './examine-all.ts';
import type { Rejection } from './examine.ts';
import { checkReshares } from './pass-on.ts';
import { termsFor } from './terms.ts';

export interface PreviewInput {
  readonly member: Member;
  /** Slugs; left out: the default community. */
  readonly audience?: readonly string[] | undefined;
  /** What would be posted, or else its TLP rank; neither: what bears no marking. */
  readonly objects?: readonly unknown[] | undefined;
  readonly tlp?: number | undefined;
}

/** What is so marked, and who would see it. */
export interface Level {
  /** TLP rank. */
  readonly tlp: number;
  /** Places of the objects so marked among those given. */
  readonly indexes: readonly number[];
  /** Why nothing so marked may be shared so; then nobody would see it. */
  readonly fault: SharingFault | undefined;
  readonly organisations: readonly (Verdict & { readonly slug: string })[];
}

export interface Preview {
  readonly parts: readonly KnownPart[];
  readonly levels: readonly Level[];
  /** Objects that would be rejected. */
  readonly rejections: readonly Rejection[];
}

/**
 * Who would see what a member posts with this audience, at this moment, and why the others would
 * not. Nothing is stored. Throws as chooseAudience.
 */
export async function preview(
  context: Pick<SharingContext, 'db' | 'unknownTlp'>,
  input: PreviewInput,
): Promise<Preview> {
  const { db } = context;
  const { member } = input;
  const { realmId } = member.viewer;
  const audience = await chooseAudience(db, member, input.audience, 'body.audience');
  const { partIds, namesOrganisations } = audience;
  const asker = askerOf(member);
  const parts = partsFor(asker, await findParts(db, realmId, partIds));
  const all = await findEntitlements(db, realmId, partIds);
  const entitlements = all.filter((entitlement) => isKnown(asker, entitlement, parts));
  const { byTlp, rejections } = await levelsOf(context, input, audience);
  const levels = [...byTlp].map(([tlp, indexes]): Level => {
    const fault = sharingFault({
      tlp,
      ceiling: member.shareCeiling,
      namesOrganisations,
    });
    const shared = { sharerId: asker.organisationId, tlp, parts };
    const judge = (one: Entitlement) => ({ slug: one.slug, ...verdictOf(stepsOf(one, shared)) });
    return { tlp, indexes, fault, organisations: fault ? [] : entitlements.map(judge) };
  });
  return { parts, levels: levels.toSorted((a, b) => a.tlp - b.tlp), rejections };
}

/** The places of the objects by the TLP rank that each would have. */
async function levelsOf(
  { db, unknownTlp }: Pick<SharingContext, 'db' | 'unknownTlp'>,
  { member, objects, tlp }: PreviewInput,
  audience: ChosenAudience,
): Promise<{ byTlp: Map<number, number[]>; rejections: readonly Rejection[] }> {
  if (objects === undefined) {
    return { byTlp: new Map([[tlp ?? member.organisation.defaultTlp, []]]), rejections: [] };
  }
  const terms = await termsFor(db, { objects }, { member, audience, unknownTlp });
  const examined = await examineAll({ objects }, terms, member);
  const request = { member, toItselfAlone: isItselfAlone(audience, member), audience };
  const { candidates, rejections } = await asViewer(db, member.viewer, (tx) =>
    checkReshares(tx, request, examined),
  );
  const byTlp = Map.groupBy(candidates, (candidate) => candidate.tlp);
  const indexes = [...byTlp].map(([rank, some]): [number, number[]] => [
    rank,
    some.map(({ index }) => index),
  ]);
  return { byTlp: new Map(indexes), rejections };
}
