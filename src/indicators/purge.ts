import { createHash } from 'node:crypto';
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { appendServerAudit } from '../store/audit/record.ts';
import { findPurge, isOnlyRed, purgeObject } from '../store/content/purges.ts';
import { requireStanding } from '../store/access/standing.ts';
import { asServer } from '../store/postgres/transaction.ts';
import type { SharingContext } from './context.ts';

export interface PurgeInput {
  readonly stixId: string;
  readonly reason: string;
  readonly member: Member;
  readonly requestId: string;
}

/** What is left of an object. */
export interface Tombstone {
  readonly id: string;
  readonly purgedAt: Date;
  /** Versions that this request deleted; none if it was purged before. */
  readonly versions: number;
  /** Organisations that get a withdrawal. */
  readonly told: number;
}

/**
 * Purges an object, of every sharer and in every realm: its content is removed from the tables
 * and from the memory of processes, every organisation that sees it gets a withdrawal, and a tombstone
 * remains. The audit, which can never be changed, has the SHA-256 of the reason and not the reason
 * itself, which may quote what has to disappear.
 *
 * Afterwards the id is rejected (`purged`) when an organisation that shared or saw the object posts it.
 * From every other organisation it is accepted like any id: that one never had the object from here,
 * and a rejection would reveal that it existed. The ids of observables can be computed from a guessed
 * value.
 * An administrator who finds it shared again purges it again, and its new sharer is rejected too.
 *
 * Throws Problem not_found for an id that nobody shares, or that is shared at TLP:RED alone where the
 * administrator has no RED clearance, or StandingChanged. Done before, it changes
 * nothing.
 */
export async function purge(
  { db, clock, onAccepted }: Pick<SharingContext, 'db' | 'clock' | 'onAccepted'>,
  { stixId, reason, member, requestId }: PurgeInput,
): Promise<Tombstone> {
  const { actor, address } = member;
  const reasonHash = createHash('sha256').update(reason).digest();
  const tombstone = await asServer(db, async (tx) => {
    if (!member.viewer.cleared && (await isOnlyRed(tx, stixId))) throw notShared();
    const { versions, told, sharers } = await purgeObject(tx, stixId, { actor, reasonHash });
    const purgedAt = await findPurge(tx, stixId);
    if (purgedAt === undefined) throw notShared();
    if (versions > 0) {
      const detail = { object: stixId, versions, told, reason_sha256: reasonHash.toString('hex') };
      // Each sharer finds it in its own part of the audit.
      for (const id of new Set([member.organisation.id, ...sharers])) {
        const entry = { organisationId: id, actor, action: 'object.purge', detail };
        await appendServerAudit(tx, { ...entry, requestId, address });
      }
    }
    await requireStanding(tx, member.standing, clock.now());
    return { id: stixId, purgedAt, versions, told };
  });
  onAccepted();
  return tombstone;
}

function notShared(): Problem {
  return new Problem('not_found', 'Nobody shares this object');
}
