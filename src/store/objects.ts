import { currentIsSeen } from './older-versions.ts';
import type { Tx } from './transaction.ts';

/**
 * The versions of an object that the viewer sees, newest first; of several sharers' same version,
 * one. `modified` narrows to one version, otherwise to current ones or, with `all`, every one. An
 * older version is there only for who sees its sharer's current one.
 */
export async function findObject(
  tx: Tx,
  realmId: number,
  stixId: string,
  { modified, all }: { readonly modified?: string | undefined; readonly all: boolean },
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ content: string }[]>`
    select distinct on (modified, content_hash) content from version v
    where realm_id = ${realmId}::smallint and stix_id = ${stixId}
      and (${all} or not superseded or ${modified ?? null}::timestamptz is not null)
      and (${modified ?? null}::timestamptz is null or modified = ${modified ?? null}::timestamptz)
      and ${currentIsSeen}
    order by modified desc, content_hash, organisation_id
    limit 1000`;
  return rows.map((row) => row.content);
}
