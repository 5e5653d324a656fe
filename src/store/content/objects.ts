import { Prisma } from '../generated/client.ts';
import { currentIsSeen, isSeen } from './older-versions.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** No version follows those that come to so many bytes. */
export const VERSIONS_BYTES = 16 * 1024 * 1024;
export const VERSIONS_MAX = 1000;

/** A version that the viewer sees, with what stands beside it (see sharing/served.ts). */
export interface SeenObject {
  readonly stixId: string;
  readonly content: string;
  readonly referencesAt: number | null;
  /** Of several sharers' same version, the strictest. */
  readonly tlp: number;
  /** Slugs of all of its sharers that the viewer may know. */
  readonly sharers: readonly string[];
  readonly addedMicros: number | null;
}

/**
 * Of the rows `v` of version, when they came last into the log of the viewer, in microseconds since 1970.
 * Leans on log_version.
 */
export const addedMicros = Prisma.sql`(
  select (date_part('epoch', max(l.date_added)) * 1000000)::float8
  from log l where l.version_id = v.id)`;

/** Of an object without versions, the contents that are current come first: what the viewer was sent last. */
const newestFirst = Prisma.sql`is_merged desc, added desc nulls last, modified desc, content_hash`;

/**
 * The versions of an object that the viewer sees, newest first; of several sharers' same version,
 * one. Current shares of an object without versions are the same version where their content is. `modified` narrows to one version, otherwise to the current one or, with `all`, as many as
 * VERSIONS_MAX and VERSIONS_BYTES let through. Only readers who see the sharer's current version
 * can see an older one.
 */
export async function findObject(
  tx: Tx,
  realmId: number,
  stixId: string,
  { modified, all }: { readonly modified?: string | undefined; readonly all: boolean },
): Promise<SeenObject[]> {
  return tx.$queryRaw<SeenObject[]>`
    with seen as (
      select v.*, case when not v.is_merged then v.modified end as at,
        case when v.is_merged then ${addedMicros} end as added
      from (
        select v.*, is_unversioned(v.type) and not v.superseded as is_merged from version_told v) as v
      where realm_id = ${realmId}::smallint and stix_id = ${stixId}
        and (${all} or not superseded or ${modified ?? null}::timestamptz is not null)
        and (${modified ?? null}::timestamptz is null or modified = ${modified ?? null}::timestamptz)
        and ${currentIsSeen} and ${isSeen(realmId, stixId)}
    ), found as (
      select distinct on (at, content_hash) * from seen
      order by at, content_hash, level desc, added desc nulls last, modified desc, organisation_id
    ), counted as (
      select *, sum(octet_length(content)) over (
        order by ${newestFirst} rows unbounded preceding) as bytes
      from found
    )
    select v.stix_id as "stixId", v.content, v.references_at as "referencesAt", v.level as tlp,
      array(select distinct s.sharer from seen s where s.at is not distinct from v.at
        and s.content_hash = v.content_hash and s.sharer is not null order by 1) as "sharers",
      ${addedMicros} as "addedMicros"
    from counted v where bytes - octet_length(content) < ${VERSIONS_BYTES}
    order by ${newestFirst} limit ${all ? VERSIONS_MAX : 1}::integer`;
}
