/** Which objects list a value. Each question is one that an index answers under row security. */
import { Prisma } from '../generated/client.ts';
import { currentIsSeen } from './older-versions.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of values.
// Lists are one text each: Prisma takes arrays apart one by one.

/** An observable that a question found. */
export interface Match {
  /** The place of the question in the list. */
  readonly place: number;
  readonly versionId: string;
  /** An index of ROLES. */
  readonly role: number;
  readonly kind: string;
  readonly value: string;
  readonly file: number | null;
}

const MATCH = Prisma.sql`place::integer, found.version_id::text as "versionId", found.role, found.kind,
  found.value, found.file`;

/** The observables with each of these keys, those of the newest versions first. Uses observable_key. */
export async function findByKeys(
  tx: Tx,
  realmId: number,
  keys: readonly string[],
  limit: number,
): Promise<Match[]> {
  if (keys.length === 0) return [];
  return tx.$queryRaw<Match[]>`
    select ${MATCH}
    from unnest(string_to_array(${keys.join(',')}, ',')::uuid[]) with ordinality as asked (key, place)
      cross join lateral (
        select * from observable o where o.key = asked.key and o.realm_id = ${realmId}::smallint
        order by o.version_id desc limit ${limit}::integer) as found`;
}

/** The networks around each of these addresses or networks. Uses observable_address. */
export async function findNetworksAround(
  tx: Tx,
  realmId: number,
  addresses: readonly string[],
  limit: number,
): Promise<Match[]> {
  if (addresses.length === 0) return [];
  return tx.$queryRaw<Match[]>`
    select ${MATCH}
    from unnest(string_to_array(${addresses.join(',')}, ',')::cidr[]) with ordinality as asked (address, place)
      join network_lengths(${realmId}::smallint) as length
        on length.family = family(asked.address) and length.bits < masklen(asked.address)
      cross join lateral (
        select * from observable o
        where o.address = set_masklen(asked.address, length.bits)::inet and o.realm_id = ${realmId}::smallint
        order by o.version_id desc limit ${limit}::integer) as found`;
}

/** The addresses and smaller networks in each of these networks, in their order. Uses observable_address. */
export async function findWithin(
  tx: Tx,
  realmId: number,
  networks: readonly string[],
  limit: number,
): Promise<Match[]> {
  if (networks.length === 0) return [];
  return tx.$queryRaw<Match[]>`
    select ${MATCH}
    from unnest(string_to_array(${networks.join(',')}, ',')::cidr[]) with ordinality as asked (network, place)
      cross join lateral (
        select * from observable o
        where o.address > asked.network::inet
          and o.address <= set_masklen(broadcast(asked.network), case family(asked.network) when 4 then 32 else 128 end)
          and o.kind <> 'url' and o.realm_id = ${realmId}::smallint
        order by o.address limit ${limit}::integer) as found`;
}

/** A hash that was found, of a file of which its version has other hashes. */
export interface HashOfFile {
  readonly versionId: string;
  readonly file: number;
}

/** The keys of all hashes of each of these files. */
export async function findHashes(
  tx: Tx,
  files: readonly HashOfFile[],
): Promise<{ readonly place: number; readonly key: string }[]> {
  if (files.length === 0) return [];
  const versions = files.map(({ versionId }) => versionId).join(',');
  const numbers = files.map(({ file }) => file).join(',');
  return tx.$queryRaw<{ place: number; key: string }[]>`
    select asked.place::integer, replace(o.key::text, '-', '') as key
    from unnest(string_to_array(${versions}, ',')::bigint[], string_to_array(${numbers}, ',')::integer[])
        with ordinality as asked (version_id, file, place)
      cross join lateral (
        select key from observable o where o.version_id = asked.version_id and o.file = asked.file
        offset 0) as o`;
}

/** A current version that lists something, and what is known of its object. */
export interface ListedVersion {
  readonly versionId: string;
  readonly stixId: string;
  readonly type: string;
  readonly modified: Date;
  readonly content: string;
  readonly tlp: number;
  readonly revoked: boolean;
  readonly validUntil: Date | null;
}

/** These versions, the newest first; none follows those whose contents come to `bytesMax`. */
export async function findListed(
  tx: Tx,
  versionIds: readonly string[],
  bytesMax: number,
): Promise<ListedVersion[]> {
  if (versionIds.length === 0) return [];
  return tx.$queryRaw<ListedVersion[]>`
    with listed as (
      select v.*, sum(octet_length(v.content)) over (order by v.id desc) as bytes
      from unnest(string_to_array(${versionIds.join(',')}, ',')::bigint[]) as asked (id)
        cross join lateral (select * from version_leveled v where v.id = asked.id offset 0) as v
      where not v.superseded
    )
    select id::text as "versionId", stix_id as "stixId", type, modified, content, level as tlp, revoked,
      valid_until as "validUntil"
    from listed where bytes - octet_length(content) < ${bytesMax} order by id desc`;
}

/** A version of an object, by whom and when it was shared. */
export interface SharedVersion {
  readonly stixId: string;
  readonly organisationId: number;
  /** Slug of the sharer; null where the viewer may not know it. */
  readonly sharer: string | null;
  readonly superseded: boolean;
  readonly sharedAt: Date;
}

/** Versions of one object that are looked through for when it was shared. */
const VERSIONS_MAX = 1000;

/** All versions of these objects that the viewer sees, the older ones too. */
export async function findSharedVersions(
  tx: Tx,
  realmId: number,
  stixIds: readonly string[],
): Promise<SharedVersion[]> {
  if (stixIds.length === 0) return [];
  return tx.$queryRaw<SharedVersion[]>`
    select v.stix_id as "stixId", v.organisation_id as "organisationId", told.slug as sharer, v.superseded,
      v.accepted_at as "sharedAt"
    from unnest(string_to_array(${stixIds.join(',')}, ',')) as asked (stix_id)
      cross join lateral (
        select * from version v
        where v.realm_id = ${realmId}::smallint and v.stix_id = asked.stix_id and ${currentIsSeen}
        limit ${VERSIONS_MAX}::integer) as v
      left join lateral sharer_told(v.organisation_id, v.audience_id) as told (slug) on true`;
}

/** What an object is related to. */
export interface Related {
  readonly stixId: string;
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  readonly relationship: string | null;
}

const RELATIONSHIPS_MAX = 100;
const RELATED_MAX = 10;

/**
 * The malware, tools, actors and campaigns that are one relationship away from these objects, as far as the
 * viewer sees relationship and object. Uses link_target; each step is fenced by `offset 0`, so that it is a probe of
 * an index however little the planner knows of tables that were filled a moment ago.
 */
export async function findRelated(
  tx: Tx,
  realmId: number,
  stixIds: readonly string[],
): Promise<Related[]> {
  if (stixIds.length === 0) return [];
  return tx.$queryRaw<Related[]>`
    select asked.stix_id as "stixId", related.id, related.type, related.name, related.relationship
    from unnest(string_to_array(${stixIds.join(',')}, ',')) as asked (stix_id)
      cross join lateral (
        select distinct on (other.stix_id) other.stix_id as id, other.type,
          other.content::json ->> 'name' as name, near.relationship
        from (
          select * from link l
          where l.target = asked.stix_id and l.realm_id = ${realmId}::smallint
            and l.property in ('source_ref', 'target_ref')
          order by l.version_id desc limit ${RELATIONSHIPS_MAX}::integer) as l
          cross join lateral (
            select r.content::json ->> 'relationship_type' as relationship from version r
            where r.id = l.version_id and r.type = 'relationship' and not r.superseded and not r.revoked
            offset 0) as near
          cross join lateral (
            select f.target from link f
            where f.version_id = l.version_id and f.property in ('source_ref', 'target_ref')
              and f.property <> l.property
            offset 0) as far
          cross join lateral (
            select * from version o
            where o.realm_id = ${realmId}::smallint and o.stix_id = far.target
              and not o.superseded and not o.revoked
            offset 0) as other
        where other.type in ('malware', 'tool', 'threat-actor', 'intrusion-set', 'campaign')
        order by other.stix_id, other.modified desc limit ${RELATED_MAX}::integer) as related`;
}

/** A value of a current version, as a range of keys lists it. */
export interface ValueInRange {
  /** 32 hexadecimal digits. */
  readonly key: string;
  /** An index of ROLES. */
  readonly role: number;
  readonly type: string;
  readonly revoked: boolean;
  readonly validUntil: Date | null;
  readonly sharedAt: Date;
  /** JSON of its `indicator_types`. */
  readonly indicatorTypes: string | null;
}

/** What the viewer sees of the values with keys from one to another, by key. Uses observable_key. */
export async function findInRange(
  tx: Tx,
  realmId: number,
  { from, to, limit }: { readonly from: string; readonly to: string; readonly limit: number },
): Promise<ValueInRange[]> {
  return tx.$queryRaw<ValueInRange[]>`
    select replace(found.key::text, '-', '') as key, found.role, v.type, v.revoked,
      v.valid_until as "validUntil", v.accepted_at as "sharedAt",
      (v.content::json -> 'indicator_types')::text as "indicatorTypes"
    from (
      select * from observable o
      where o.key >= ${from}::uuid and o.key <= ${to}::uuid and o.realm_id = ${realmId}::smallint
      order by o.key, o.version_id limit ${limit}::integer) as found
      join version v on v.id = found.version_id
    where not v.superseded`;
}

/** About how many observables there are, visible or not. */
export async function estimateObservables(tx: Tx): Promise<number> {
  const [found] = await tx.$queryRaw<{ rows: number }[]>`
    select greatest(reltuples, 0)::float8 as rows from pg_class
    where oid = 'observable'::regclass`;
  return found?.rows ?? 0;
}
