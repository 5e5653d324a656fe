import type { Viewer } from '../../sharing/viewer.ts';
import type { Tx } from '../postgres/transaction.ts';
import { ConcurrentWrite, type Address, type Replaced, type Share } from './versions.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/**
 * The addresses of the superseded versions of these objects. Goes from one address to the next in
 * the index version_superseded, so the work grows with the addresses, not with the versions.
 */
export async function findSupersededAddresses(
  tx: Tx,
  { realmId, organisationId }: Share,
  stixIds: readonly string[],
): Promise<Address[]> {
  return tx.$queryRaw<Address[]>`
    with recursive address as (
      select wanted.stix_id, first.audience_id, first.tlp
      from unnest(${[...stixIds]}::text[]) as wanted (stix_id), lateral (
        select v.audience_id, v.tlp from version v
        where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}
          and v.stix_id = wanted.stix_id and v.superseded
        order by v.audience_id, v.tlp limit 1) as first
      union all
      select address.stix_id, next.audience_id, next.tlp
      from address, lateral (
        select v.audience_id, v.tlp from version v
        where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}
          and v.stix_id = address.stix_id and v.superseded
          and (v.audience_id, v.tlp) > (address.audience_id, address.tlp)
        order by v.audience_id, v.tlp limit 1) as next
    )
    select distinct audience_id as "audienceId", tlp from address`;
}

/** Hands the superseded versions of these objects that are addressed to `from` to `to`. */
export async function readdressSuperseded(
  tx: Tx,
  { realmId, organisationId }: Share,
  stixIds: readonly string[],
  from: Address,
  to: Address,
): Promise<void> {
  await tx.$executeRaw`
    update version set audience_id = ${to.audienceId}, tlp = ${to.tlp}::smallint
    where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
      and stix_id = any(${[...stixIds]}) and superseded
      and audience_id = ${from.audienceId} and tlp = ${from.tlp}::smallint`;
}

/**
 * Puts in the inbox that these objects are no longer visible to an audience: of rank 4 where they
 * were TLP:RED to it, which only people with clearance receive, and otherwise of rank 0.
 */
export async function announceWithdrawals(
  tx: Tx,
  { realmId, organisationId }: Share,
  stixIds: readonly string[],
  { audienceId, tlp }: Address,
): Promise<void> {
  await tx.$executeRaw`
    insert into inbox (turn, kind, stix_id, organisation_id, audience_id, tlp, realm_id)
    select inbox_turn.turn, 'withdraw', stix_id, ${organisationId}::integer,
      ${audienceId}::integer, ${tlp}::smallint, ${realmId}::smallint
    from unnest(${[...stixIds]}::text[]) as stix_id, inbox_turn`;
}

/** The viewer's organisation's current version of an object, to be readdressed. */
export interface CurrentVersion extends Address {
  readonly versionId: string;
  readonly createdByRef: string | null;
  readonly content: string;
}

/**
 * The viewer's organisation's current version of an object, of one without versions every variant,
 * newest first; TLP:RED ones only for a viewer with RED clearance. Locks the rows, so that nobody
 * addresses them or puts a newer version meanwhile.
 */
export async function lockCurrent(
  tx: Tx,
  { realmId, organisationId, cleared }: Pick<Viewer, 'realmId' | 'organisationId' | 'cleared'>,
  stixId: string,
): Promise<CurrentVersion[]> {
  for (;;) {
    const rows = await tx.$queryRaw<CurrentVersion[]>`
      select id::text as "versionId", audience_id as "audienceId", tlp, content,
        created_by_ref as "createdByRef"
      from (
        select * from version
        where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
          and stix_id = ${stixId} and not superseded and (tlp < tlp_red() or ${cleared})
        order by id for update
      ) as current
      order by modified desc`;
    if (rows.length > 0) return rows;
    // Who waited for a writer finds the version replaced, and not yet the one in its place.
    const [other] = await tx.$queryRaw<unknown[]>`
      select from version
      where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
        and stix_id = ${stixId} and not superseded and (tlp < tlp_red() or ${cleared})`;
    if (other === undefined) return [];
  }
}

/** Hands a version and what was drawn out of it to another address, and puts it in the inbox. */
export async function readdressCurrent(
  tx: Tx,
  { realmId, organisationId }: Share,
  versionId: string,
  to: Address,
): Promise<void> {
  await tx.$executeRaw`
    with moved as (
      update version set audience_id = ${to.audienceId}, tlp = ${to.tlp}::smallint
      where id = ${versionId}::text::bigint
    ), observed as (
      update observable set audience_id = ${to.audienceId}, tlp = ${to.tlp}::smallint
      where version_id = ${versionId}::text::bigint
    ), linked as (
      update link set audience_id = ${to.audienceId}, tlp = ${to.tlp}::smallint
      where version_id = ${versionId}::text::bigint
    )
    insert into inbox (turn, kind, version_id, organisation_id, audience_id, tlp, realm_id)
    select turn, 'put', ${versionId}::text::bigint, ${organisationId}::integer,
      ${to.audienceId}::integer, ${to.tlp}::smallint, ${realmId}::smallint
    from inbox_turn`;
}

/** Where a current version goes, from the address at which it was read. */
export interface Readdressed {
  readonly version: Replaced;
  readonly to: Address;
}

/**
 * Hands current versions of the sharer, and what was drawn out of them, to other addresses; they are
 * announced by saveVersions. Throws ConcurrentWrite where one was replaced or readdressed meanwhile.
 */
export async function readdressAll(tx: Tx, readdressed: readonly Readdressed[]): Promise<void> {
  if (readdressed.length === 0) return;
  const rows = readdressed.map(({ version: { versionId, audienceId, tlp }, to }) => ({
    versionId,
    from: audienceId,
    tlp,
    to: to.audienceId,
    level: to.tlp,
  }));
  const moved = await tx.$executeRaw`
    with given as materialized (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as g(
        "versionId" bigint, "from" integer, tlp smallint, "to" integer, level smallint)
    ), observed as (
      update observable o set audience_id = g."to", tlp = g.level from given g
      where o.version_id = g."versionId"
    ), linked as (
      update link l set audience_id = g."to", tlp = g.level from given g
      where l.version_id = g."versionId"
    )
    update version v set audience_id = g."to", tlp = g.level
    from given g
    where v.id = g."versionId" and not v.superseded
      and v.audience_id = g."from" and v.tlp = g.tlp`;
  if (moved !== rows.length) throw new ConcurrentWrite('A version was readdressed meanwhile');
}
