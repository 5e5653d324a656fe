import type { Member } from '../sharing/member.ts';
import { itselfAlone, type Viewer } from '../sharing/viewer.ts';
import { contentHash } from '../stix/json/canonical.ts';
import { parseJson } from '../stix/json/read.ts';
import type { StixObject } from '../stix/object.ts';
import { referencesAt, withoutTlpReferences } from '../stix/marking/tlp-reference.ts';
import { appendAudit } from '../store/audit/record.ts';
import {
  findSharesToEnd,
  lockLiving,
  saveLastVersions,
  type LastVersion,
  type LivingVersion,
} from '../store/content/creators.ts';
import { lockObjects } from '../store/postgres/locks.ts';
import { withViewer, type Tx } from '../store/postgres/transaction.ts';
import { supersede, type NewVersion } from '../store/content/versions.ts';
import { laterByAMicrosecond } from './decide.ts';
import type { Candidate } from './examine.ts';

/** Last versions of one statement. */
const END_MAX = 2500;

/**
 * Until the transaction ends, a member that reshares one of these objects waits for a creator that
 * revokes it, and the creator for the member: otherwise neither would see what the other stores.
 */
export async function lockCandidates(
  tx: Tx,
  member: Member,
  candidates: readonly Candidate[],
): Promise<void> {
  const revoked = candidates.filter((candidate) => isOwnRevocation(member, candidate));
  await lockObjects(tx, {
    reshared: candidates.filter(({ inNameOf }) => inNameOf !== null).map(({ stixId }) => stixId),
    revoked: revoked.map(({ stixId }) => stixId),
  });
}

/** The versions by which a member revokes objects that it created itself. */
export function revocationsAmong(member: Member, versions: readonly NewVersion[]): NewVersion[] {
  return versions.filter((version) => !version.superseded && isOwnRevocation(member, version));
}

function isOwnRevocation(
  { organisation }: Member,
  { revoked, createdByRef }: Pick<Candidate, 'revoked' | 'createdByRef'>,
): boolean {
  return revoked && createdByRef !== null && organisation.identities.includes(createdByRef);
}

/**
 * Ends what other members share of objects that their creator has just revoked: each share gets a
 * last version of its own, the sharer's content with `revoked` at the creator's time, for the very
 * audience that had it. So its readers learn that the object is revoked, and nothing about whom the
 * creator told; the creator learns nothing about them.
 */
export async function endShares(
  tx: Tx,
  { viewer }: Member,
  revocations: readonly NewVersion[],
): Promise<void> {
  const times = new Map(revocations.map((version) => [version.stixId, version]));
  if (times.size === 0) return;
  const shares = await findSharesToEnd(tx, [...times.keys()]);
  const bySharer = Map.groupBy(shares, ({ organisationId }) => organisationId);
  for (const [organisationId, ended] of bySharer) {
    const sharer = itselfAlone({ ...viewer, organisationId, cleared: false, self: 0 });
    const stixIds = ended.map(({ stixId }) => stixId);
    await withViewer(tx, sharer, () => endAll(tx, sharer, stixIds, times));
  }
}

async function endAll(
  tx: Tx,
  sharer: Viewer,
  stixIds: readonly string[],
  revocations: ReadonlyMap<string, NewVersion>,
): Promise<void> {
  const { organisationId } = sharer;
  for (let start = 0; start < stixIds.length; start += END_MAX) {
    const living = await lockLiving(tx, sharer, stixIds.slice(start, start + END_MAX));
    const last = lastVersions(living, revocations);
    const after = new Set(last.map((version) => version.after));
    if (last.length === 0) continue;
    const auditId = await appendAudit(tx, {
      organisationId,
      actor: 'creator',
      action: 'objects.revoked_by_creator',
      requestId: undefined,
      detail: { objects: living.map(({ stixId }) => stixId) },
    });
    const ended = living.filter(({ versionId }) => after.has(versionId));
    await supersede(tx, ended, { drawn: 'hand on' });
    await saveLastVersions(tx, { auditId }, last);
  }
}

/** One for each; those of an object that several audiences were given differ in time. */
function lastVersions(
  living: readonly LivingVersion[],
  revocations: ReadonlyMap<string, NewVersion>,
): LastVersion[] {
  const newest = new Map<string, string>();
  return living.flatMap((version) => {
    const { stixId, modified } = version;
    const before = newest.get(stixId) ?? modified;
    const after = before > modified ? before : modified;
    const [last] = lastOf({ ...version, modified: after }, revocations.get(stixId));
    if (last === undefined) return [];
    newest.set(stixId, last.modified);
    return last;
  });
}

/** The same content, revoked when the creator says, or right after where it is newer than that. */
function lastOf(living: LivingVersion, revocation: NewVersion | undefined): LastVersion[] {
  const object = parseJson(living.content) as StixObject;
  if (revocation === undefined || !('modified' in object)) return [];
  const isLater = revocation.modified > living.modified;
  const modified = isLater ? revocation.modified : laterByAMicrosecond(living.modified);
  const text = isLater ? textOfModified(revocation) : modified;
  const last = { ...object, modified: text, revoked: true };
  const content = JSON.stringify(last);
  return [
    {
      after: living.versionId,
      modified,
      content,
      contentHash: contentHash(withoutTlpReferences(last)),
      referencesAt: referencesAt(content, last),
    },
  ];
}

/** As the creator wrote it. */
function textOfModified({ content, modified }: NewVersion): string {
  const object = parseJson(content);
  const text: unknown = typeof object === 'object' && object ? Reflect.get(object, 'modified') : '';
  return typeof text === 'string' ? text : modified;
}
