import type { Part } from '../../sharing/reach.ts';
import type { Database } from '../postgres/database.ts';
import { Prisma } from '../generated/client.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/**
 * An object that an organisation shares at present: its current version and how that is addressed. An
 * object without versions has several, where audiences were given content or levels of their own.
 */
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

type Own = Readonly<Record<'realmId' | 'organisationId', number>>;

const SHARE = Prisma.sql`stix_id as "stixId", type, modified, accepted_at as "sharedAt", revoked, tlp,
  audience_id as "audienceId"`;

/**
 * What the viewer's own organisation shares, as far as the viewer may see it: up to `limit` objects in
 * the order of their ids, each with the newest of its variants first. Uses version_shared.
 */
export async function listShares(
  tx: Tx,
  { realmId, organisationId }: Own,
  { after, limit }: SharesPage,
): Promise<Share[]> {
  return tx.$queryRaw<Share[]>`
    select ${SHARE} from version
    where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
      and not superseded and stix_id = any(array(
        select distinct v.stix_id from version v
        where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}
          and not v.superseded and v.stix_id > ${after}
        order by v.stix_id limit ${limit}::integer))
    order by stix_id, modified desc, variant`;
}

/** The variants of one of them, the newest first; none where the organisation does not share it. */
export async function findShares(
  tx: Tx,
  { realmId, organisationId }: Own,
  stixId: string,
): Promise<Share[]> {
  return tx.$queryRaw<Share[]>`
    select ${SHARE} from version
    where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
      and not superseded and stix_id = ${stixId}
    order by modified desc, variant`;
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
