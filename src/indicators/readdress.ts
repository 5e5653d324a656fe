import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { readdressedFault } from '../sharing/pass-on.ts';
import { sharingFault } from '../sharing/share.ts';
import { parseJson } from '../stix/json/read.ts';
import { markedBy } from '../stix/marking/marking.ts';
import { TLP_ORDER, tlpRank } from '../stix/marking/tlp.ts';
import { findParts, internUnion, othersIdentities } from '../store/content/audiences.ts';
import { appendAudit } from '../store/audit/record.ts';
import type { Database } from '../store/postgres/database.ts';
import { lockCurrent, readdressCurrent, type CurrentVersion } from '../store/content/narrowing.ts';
import type { Tx } from '../store/postgres/transaction.ts';
import { supersede, type Address } from '../store/content/versions.ts';
import type { SharingContext } from './context.ts';
import { isItselfAlone, type ChosenAudience } from './audience.ts';
import { storedMeanings } from './markings.ts';
import { narrow } from './narrow.ts';
import { write } from './write.ts';

export interface ReaddressInput {
  readonly member: Member;
  readonly stixId: string;
  /** With whom it is shared from now on; as before when left out. */
  readonly audience?: ChosenAudience | undefined;
  /** The TLP rank it has from now on; as before when left out. */
  readonly tlp?: number | undefined;
  readonly requestId?: string | undefined;
}

/**
 * Changes with whom a member shares an object of its own, or its marking level. Who sees it now
 * gets it; who does not see it any more gets a withdrawal. The marking that the object itself
 * carries stays the least. Where an object without versions was given to several audiences, a new
 * audience gets what was posted last, and it alone; a new level is that of every audience.
 * What is TLP:RED does not exist for a member without clearance, as when it reads.
 * Throws Problem not_found, realm_closed, tlp_below_marking, producer_mismatch where it was passed on
 * and may not go there, or what sharing it in this way would throw.
 */
export async function readdress(context: SharingContext, input: ReaddressInput): Promise<void> {
  const { member, stixId } = input;
  const change = async (tx: Tx): Promise<void> => {
    const [newest, ...others] = await lockCurrent(tx, member.viewer, stixId);
    if (newest === undefined) {
      throw new Problem('not_found', 'Your organisation does not share this object');
    }
    await move(context, tx, input, newest, input.audience === undefined ? [] : others);
    if (input.audience !== undefined) return;
    for (const other of others) await move(context, tx, input, other, []);
  };
  await write(context, member, change, input.audience?.partIds);
  context.onAccepted();
}

/** Readdresses one current version; `given` are others that it replaces. */
async function move(
  { db, quotas }: SharingContext,
  tx: Tx,
  input: ReaddressInput,
  current: CurrentVersion,
  given: readonly CurrentVersion[],
): Promise<void> {
  const { member, stixId } = input;
  const { organisationId, realmId } = member.viewer;
  const tlp = input.tlp ?? current.tlp;
  await refuse(db, tx, input, current, tlp);
  const sharer = { organisationId, audiencesMax: quotas.audiences };
  const audienceId = input.audience
    ? await internUnion(tx, realmId, input.audience.partIds, sharer)
    : current.audienceId;
  const to = { audienceId, tlp };
  if (await isForeign(db, organisationId, stixId, current)) refuseForeign(input, current, to);
  const auditId = await appendAudit(tx, {
    organisationId,
    actor: member.actor,
    action: 'object.readdress',
    requestId: input.requestId,
    address: member.address,
    audienceId: to.audienceId,
    detail: { realm: member.realm.slug, object: stixId, tlp: TLP_ORDER[to.tlp] ?? '' },
  });
  const share = { realmId, organisationId, auditId };
  await supersede(tx, given);
  await readdressCurrent(tx, share, current.versionId, to);
  for (const from of [current, ...given]) {
    await narrow(db, tx, share, { from, to, stixIds: [stixId] });
  }
}

async function refuse(
  db: Database,
  tx: Tx,
  { member, audience, tlp: wished }: ReaddressInput,
  current: CurrentVersion,
  tlp: number,
): Promise<void> {
  const own = parseJson(current.content) as object;
  const { tlp: marked } = markedBy(own, await storedMeanings(tx, member.viewer, own));
  if (marked !== undefined && tlp < tlpRank(marked)) {
    const lower =
      'modified' in own
        ? ' Post a version with a later `modified` and a lower marking instead.'
        : '';
    throw new Problem(
      'tlp_below_marking',
      `The object itself is marked TLP:${marked.toUpperCase()}, and PATCH cannot go below that.${lower}`,
      { path: 'body.tlp' },
    );
  }
  const fault = sharingFault({
    tlp,
    ceiling: member.shareCeiling,
    namesOrganisations:
      audience?.namesOrganisations ?? (await namesOrganisations(db, member, current)),
  });
  if (fault === undefined) return;
  const path = wished === undefined ? 'body.audience' : 'body.tlp';
  throw new Problem(fault.code, fault.detail, { path });
}

/** Whether the audience that a version has holds no community and no group. */
async function namesOrganisations(
  db: Database,
  { viewer }: Member,
  { audienceId }: CurrentVersion,
): Promise<boolean> {
  const parts = await findParts(db, viewer.realmId, [audienceId]);
  return parts.length > 0 && parts.every(({ kind }) => kind === 'organisation');
}

/** Whether it speaks in another member's name, and was only passed on. */
async function isForeign(
  db: Database,
  organisationId: number,
  stixId: string,
  { createdByRef }: CurrentVersion,
): Promise<boolean> {
  const names = createdByRef === null ? [stixId] : [createdByRef, stixId];
  const others = await othersIdentities(db.server, organisationId, names, { onlyMembers: true });
  return others.size > 0;
}

function refuseForeign(
  { member, audience }: ReaddressInput,
  from: CurrentVersion,
  { audienceId, tlp }: Address,
): void {
  const fault = readdressedFault({
    fromTlp: from.tlp,
    toTlp: tlp,
    audienceChanges: audienceId !== from.audienceId,
    toItselfAlone: audience !== undefined && isItselfAlone(audience, member),
  });
  if (fault === undefined) return;
  const path = tlp < from.tlp ? 'body.tlp' : 'body.audience';
  throw new Problem('producer_mismatch', fault.detail, { path });
}
