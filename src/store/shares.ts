import type { Part } from '../sharing/reach.ts';
import type { Database } from './database.ts';
import type { Tx } from './transaction.ts';

/** An object that an organisation shares at present: its current version and how that is addressed. */
export interface Share {
  readonly stixId: string;
  readonly type: string;
  readonly modified: Date;
  readonly sharedAt: Date;
  readonly revoked: boolean;
  /** TLP rank. */
  readonly tlp: number;
  readonly audienceId: number;
}

export interface SharesPage {
  /** Only objects whose ids follow this one. */
  readonly after: string;
  readonly limit: number;
}

/**
 * What the viewer's own organisation shares, as far as the viewer may see it, in the order of the ids.
 * Uses version_shared.
 */
export async function listShares(
  tx: Tx,
  { realmId, organisationId }: { readonly realmId: number; readonly organisationId: number },
  { after, limit }: SharesPage,
): Promise<Share[]> {
  return tx.$queryRaw<Share[]>`
    select stix_id as "stixId", type, modified, accepted_at as "sharedAt", revoked, tlp,
      audience_id as "audienceId"
    from version
    where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
      and not superseded and stix_id > ${after}
    order by stix_id limit ${limit}::integer`;
}

/** One of them; undefined where the organisation does not share it. */
export async function findShare(
  tx: Tx,
  { realmId, organisationId }: { readonly realmId: number; readonly organisationId: number },
  stixId: string,
): Promise<Share | undefined> {
  const [share] = await tx.$queryRaw<Share[]>`
    select stix_id as "stixId", type, modified, accepted_at as "sharedAt", revoked, tlp,
      audience_id as "audienceId"
    from version
    where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
      and not superseded and stix_id = ${stixId}`;
  return share;
}

/** How many communities, groups and organisations each of these audiences is made of. */
export async function countParts(
  db: Database,
  audienceIds: readonly number[],
): Promise<Map<number, number>> {
  const rows = await db.server.$queryRaw<{ id: number; parts: number }[]>`
    select id, greatest(count(p.part_id), 1)::integer as parts
    from unnest(${[...audienceIds]}::integer[]) as id
      left join audience_part p on p.audience_id = id
    group by id`;
  return new Map(rows.map(({ id, parts }) => [id, parts]));
}

/** The communities, groups and organisations that each of these audiences is made of, by slug. */
export async function findPartsOfEach(
  db: Database,
  audienceIds: readonly number[],
): Promise<Map<number, Part[]>> {
  const rows = await db.server.$queryRaw<(Part & { readonly of: number })[]>`
    with part as (
      select id as of, id from unnest(${[...audienceIds]}::integer[]) as id
      union all
      select audience_id, part_id from audience_part
      where audience_id = any(${[...audienceIds]}::integer[])
    )
    select part.of, a.id, a.kind, coalesce(a.slug, o.slug) as slug,
      a.hidden_members as "hiddenMembers",
      array(select w.organisation_id from audience_owner w where w.audience_id = a.id) as "ownerIds"
    from part join audience a using (id) left join organisation o on o.id = a.organisation_id
    where a.kind <> 'union' order by slug`;
  return Map.groupBy(rows, (row) => row.of);
}
