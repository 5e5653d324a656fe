import { Prisma } from '../generated/client.ts';

/**
 * Whether the viewer sees a current version of an object, without which it sees none of them. Asked
 * once before any version is read, so that the versions of a hidden object cost no more than an id
 * that nobody has, whatever their number. Leans on version_current.
 */
export function isSeen(realmId: number, stixId: string): Prisma.Sql {
  return Prisma.sql`(select exists (
    select from version c
    where c.realm_id = ${realmId}::smallint and c.stix_id = ${stixId} and not c.superseded))`;
}

/**
 * Of the rows `v` of version, those that may be shown: an older one only to readers who see its
 * sharer's current one. An organisation that joins the audience of an older version has not seen it replaced. Leans on
 * version_current.
 */
export const currentIsSeen = Prisma.sql`(not v.superseded or exists (
  select from version c where c.realm_id = v.realm_id and c.stix_id = v.stix_id
    and c.organisation_id = v.organisation_id and not c.superseded))`;
