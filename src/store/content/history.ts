import { addedMicros, VERSIONS_BYTES, VERSIONS_MAX, type SeenObject } from './objects.ts';
import { currentIsSeen, isSeen } from './older-versions.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** A version in the history of an object. */
export interface HistoryRow extends SeenObject {
  /** When the server took it. */
  readonly acceptedAt: Date;
  readonly superseded: boolean;
}

/**
 * All versions that the viewer sees of an object and of what says the same under other ids (the
 * re-issues of one sharer), newest first, as many as VERSIONS_MAX and VERSIONS_BYTES let through; an older one only where its sharer's current one is seen.
 * Leans on the unique index that begins with the id, and on version_content_key.
 */
export async function findHistory(tx: Tx, realmId: number, stixId: string): Promise<HistoryRow[]> {
  return tx.$queryRaw<HistoryRow[]>`
    with same as (
      select distinct organisation_id, content_key from version v
      where realm_id = ${realmId}::smallint and stix_id = ${stixId} and content_key is not null
        and ${currentIsSeen} and ${isSeen(realmId, stixId)}
    ), found as (
      select id from version where realm_id = ${realmId}::smallint and stix_id = ${stixId}
        and ${isSeen(realmId, stixId)}
      union
      select v.id from same join version v on v.realm_id = ${realmId}::smallint
        and v.organisation_id = same.organisation_id and v.content_key = same.content_key
      where ${isSeen(realmId, stixId)}
    ), counted as (
      select v.*,
        sum(octet_length(v.content)) over (
          order by v.modified desc, v.id desc rows unbounded preceding) as bytes
      from version_told v
      where v.id = any(array(select id from found)) and ${currentIsSeen}
        and ${isSeen(realmId, stixId)}
    )
    select content, accepted_at as "acceptedAt", superseded, stix_id as "stixId",
      references_at as "referencesAt", level as tlp, ${addedMicros} as "addedMicros",
      array_remove(array[sharer], null) as "sharers"
    from counted v
    where bytes - octet_length(content) < ${VERSIONS_BYTES}
    order by modified desc, id desc limit ${VERSIONS_MAX}::integer`;
}
