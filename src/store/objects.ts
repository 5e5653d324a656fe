import { Prisma } from './generated/client.ts';
import type { Tx } from './transaction.ts';

/**
 * Whether its sharer's current version is visible too: whoever joins what an older version went to
 * has not seen it replaced, and the new one may not be for him. `v` is the row asked about.
 */
export const currentIsVisible = Prisma.sql`(not v.superseded or exists (
  select from version c where c.realm_id = v.realm_id and c.stix_id = v.stix_id
    and c.organisation_id = v.organisation_id and not c.superseded))`;

/**
 * The versions of an object that the viewer sees, newest first, of those sharers whose current one
 * he sees; of several sharers' same version, one. `modified` narrows to one version, otherwise to current ones or, with `all`, every one.
 */
export async function findObject(
  tx: Tx,
  realmId: number,
  stixId: string,
  { modified, all }: { readonly modified?: string | undefined; readonly all: boolean },
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ content: string }[]>`
    select distinct on (modified, content_hash) content from version v
    where realm_id = ${realmId}::smallint and stix_id = ${stixId} and ${currentIsVisible}
      and (${all} or not superseded or ${modified ?? null}::timestamptz is not null)
      and (${modified ?? null}::timestamptz is null or modified = ${modified ?? null}::timestamptz)
    order by modified desc, content_hash, organisation_id
    limit 1000`;
  return rows.map((row) => row.content);
}
