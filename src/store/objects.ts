import { currentIsSeen, isSeen } from './older-versions.ts';
import type { Tx } from './transaction.ts';

/** No version follows those that come to so many bytes. */
export const VERSIONS_BYTES = 16 * 1024 * 1024;
export const VERSIONS_MAX = 1000;

/**
 * The versions of an object that the viewer sees, newest first; of several sharers' same version,
 * one. `modified` narrows to one version, otherwise to the current one or, with `all`, as many as
 * VERSIONS_MAX and VERSIONS_BYTES let through. An older version is there only for who sees its
 * sharer's current one.
 */
export async function findObject(
  tx: Tx,
  realmId: number,
  stixId: string,
  { modified, all }: { readonly modified?: string | undefined; readonly all: boolean },
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ content: string }[]>`
    with found as (
      select distinct on (modified, content_hash) modified, content_hash, content
      from version v
      where realm_id = ${realmId}::smallint and stix_id = ${stixId}
        and (${all} or not superseded or ${modified ?? null}::timestamptz is not null)
        and (${modified ?? null}::timestamptz is null or modified = ${modified ?? null}::timestamptz)
        and ${currentIsSeen} and ${isSeen(realmId, stixId)}
      order by modified desc, content_hash, organisation_id
    ), counted as (
      select *, sum(octet_length(content)) over (
        order by modified desc, content_hash rows unbounded preceding) as bytes
      from found
    )
    select content from counted where bytes - octet_length(content) < ${VERSIONS_BYTES}
    order by modified desc, content_hash limit ${all ? VERSIONS_MAX : 1}::integer`;
  return rows.map((row) => row.content);
}
