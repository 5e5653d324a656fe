import { Problem } from '../errors.ts';
import { PRODUCTION, PRODUCTION_SLUG } from '../sharing/realm.ts';
import { tlpRank, type Tlp } from '../stix/marking/tlp.ts';
import {
  approveAgreement,
  endAgreement,
  findOverlap,
  insertAgreement,
  insertApproval,
  listAgreements,
  type AgreementView,
} from '../store/members/agreements.ts';
import { findCommunity } from '../store/members/communities.ts';
import type { Database } from '../store/postgres/database.ts';
import { listOrganisations } from '../store/members/directory.ts';
import { enterRealm } from '../store/members/realms.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { administer, keepingAnAdmin, type Administrator } from '../access/administer.ts';
import { isPartner } from './create.ts';
import { realmOf } from '../access/named-realm.ts';

export const AGREEMENT_KINDS = ['mou', 'technical_arrangement', 'partnership'] as const;

export interface AgreementInput {
  /** Slugs; production unless another realm is named. */
  readonly realm?: string | undefined;
  readonly organisation: string;
  readonly community: string;
  readonly title: string;
  readonly reference: string;
  readonly kind: (typeof AGREEMENT_KINDS)[number];
  readonly ceiling: Tlp;
  readonly documents: readonly { readonly name: string; readonly sha256: string }[];
  /** Now when null. */
  readonly validFrom: Date | null;
  /** Until it is ended when null. */
  readonly validUntil: Date | null;
  /** The agreement that ends when this one takes effect. */
  readonly replaces: number | null;
}

/**
 * Approvals that an agreement with a partner takes, each by another administrator: docs/decisions/0019
 * says who counts as one person.
 */
const APPROVALS = 2;

/**
 * Makes an agreement. Where the organisation is a partner it waits for its approvals, unless the
 * operator makes it. Throws Problem organisation_unknown, realm_unknown, community_unknown, agreement_overlaps,
 * agreement_ended, last_admin or invalid_request.
 */
export async function makeAgreement(
  db: Database,
  by: Administrator,
  input: AgreementInput,
  now: Date,
): Promise<AgreementView> {
  const { validFrom, validUntil } = input;
  if (validUntil !== null && validUntil <= (validFrom ?? now)) {
    throw new Problem(
      'invalid_request',
      'An agreement must end after it begins, and not in the past',
      {
        path: 'body.valid_until',
      },
    );
  }
  const describe = ({ id, organisation, realm, community }: AgreementView) => ({
    agreement: id,
    organisation,
    realm,
    community,
    ceiling: input.ceiling,
    replaces: input.replaces,
  });
  return administer(db, by, { action: 'agreement.create', describe, about }, async (tx) => {
    const { organisationId, communityId, partner } = await partiesOf(tx, input);
    const approved = !partner || by.organisation === undefined;
    const ceiling = tlpRank(input.ceiling);
    const record = { ...input, organisationId, communityId, ceiling, approved };
    if (input.replaces !== null) await findStanding(tx, input.replaces, input);
    const overlap = await findOverlap(tx, record, input.replaces);
    if (overlap !== undefined) throw overlapping(overlap);
    const id = await insertAgreement(tx, record);
    if (approved) await keepingAnAdmin(tx, now, () => approveAgreement(tx, id));
    return find(tx, id);
  });
}

const about = (agreement: AgreementView): readonly AgreementView[] => [agreement];

async function partiesOf(tx: ServerTx, input: AgreementInput) {
  const [organisation] = await listOrganisations(tx, input.organisation);
  if (organisation === undefined) {
    throw new Problem('organisation_unknown', `There is no organisation ${input.organisation}`, {
      path: 'body.organisation',
    });
  }
  const realmId = input.realm === undefined ? PRODUCTION : await realmOf(tx, input.realm);
  const communityId = await findCommunity(tx, realmId, input.community);
  if (communityId === undefined) {
    throw new Problem('community_unknown', `There is no community ${input.community}`, {
      path: 'body.community',
    });
  }
  await enterRealm(tx, realmId, organisation.id);
  return { organisationId: organisation.id, communityId, partner: isPartner(organisation.kind) };
}

/** All agreements for an admin, its own for everybody else. */
export async function readAgreements(
  db: Database,
  by: Administrator,
  organisation?: string,
): Promise<AgreementView[]> {
  if (by.role === 'admin') return listAgreements(db.server, { organisation });
  const own = by.organisation?.slug;
  if (organisation !== undefined && organisation !== own) return [];
  return own === undefined ? [] : listAgreements(db.server, { organisation: own });
}

/** Ends an agreement now. Throws Problem not_found, agreement_ended or last_admin. */
export async function stopAgreement(
  db: Database,
  by: Administrator,
  id: number,
  now: Date,
): Promise<AgreementView> {
  const describe = ({ organisation }: AgreementView) => ({ agreement: id, organisation });
  return administer(db, by, { action: 'agreement.end', describe, about }, async (tx) => {
    await findStanding(tx, id);
    await keepingAnAdmin(tx, now, () => endAgreement(tx, id));
    return find(tx, id);
  });
}

/**
 * Approves an agreement with a partner; the last approval makes it take effect.
 * Throws Problem not_found, agreement_ended or approval_not_needed.
 */
export async function giveApproval(
  db: Database,
  by: Administrator,
  id: number,
  now: Date,
): Promise<AgreementView> {
  const describe = ({ organisation, approvedAt }: AgreementView) => ({
    agreement: id,
    organisation,
    complete: approvedAt !== null,
  });
  return administer(db, by, { action: 'agreement.approve', describe, about }, async (tx) => {
    const agreement = await findStanding(tx, id);
    if (agreement.approvedAt !== null) throw notNeeded(`Agreement ${id} is approved`);
    const approvals = await insertApproval(tx, id, by.actor);
    if (approvals === undefined) throw givenBefore(id);
    if (approvals >= APPROVALS) await keepingAnAdmin(tx, now, () => approveAgreement(tx, id));
    return find(tx, id);
  });
}

/** One that has not ended, of the same parties where they are given. */
async function findStanding(
  tx: ServerTx,
  id: number,
  parties?: Pick<AgreementInput, 'organisation' | 'community' | 'realm'>,
): Promise<AgreementView> {
  const agreement = await find(tx, id);
  if (parties !== undefined && !isOf(agreement, parties)) {
    throw new Problem('invalid_request', 'It belongs to another organisation, community or realm', {
      path: 'body.replaces',
    });
  }
  if (agreement.endedAt === null) return agreement;
  throw new Problem('agreement_ended', `Agreement ${id} has ended`);
}

function isOf(
  agreement: AgreementView,
  parties: Pick<AgreementInput, 'organisation' | 'community' | 'realm'>,
): boolean {
  const { organisation, community, realm = PRODUCTION_SLUG } = parties;
  const same = agreement.organisation === organisation && agreement.community === community;
  return same && agreement.realm === realm;
}

async function find(tx: ServerTx, id: number): Promise<AgreementView> {
  const [agreement] = await listAgreements(tx, { id });
  if (agreement !== undefined) return agreement;
  throw new Problem('not_found', `There is no agreement ${id}`);
}

function overlapping(id: number): Problem {
  return new Problem(
    'agreement_overlaps',
    `Agreement ${id} covers part of that time: end it, or name it in \`replaces\``,
    { extra: { agreement: id } },
  );
}

function givenBefore(id: number): Problem {
  return notNeeded(
    `You approved agreement ${id} before, or a key or user did that counts as the same person`,
  );
}

function notNeeded(detail: string): Problem {
  return new Problem('approval_not_needed', detail);
}
