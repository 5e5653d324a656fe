/** What the word of an object's creator does to what others share of it. */
import type { Tx } from '../postgres/transaction.ts';
import type { Replaced, Share } from './versions.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** A version that the viewer sees. */
export interface SeenVersion {
  readonly stixId: string;
  readonly modified: string;
  readonly contentHash: string;
  readonly tlp: number;
  /** The rank of the strictest TLP reference of its own; null where it has none. */
  readonly referencedTlp: number | null;
  /** Whether it is the viewer's own organisation that shares it. */
  readonly own: boolean;
  /** Whether its sharer's current version of the object is revoked. */
  readonly ended: boolean;
}

/** What somebody wants to pass on. */
export interface WantedContent {
  readonly stixId: string;
  /** A comparable timestamp; undefined for an object without versions. */
  readonly modified?: string | undefined;
  /** SHA-256 in hexadecimal. */
  readonly contentHash: string;
}

/**
 * Those of these contents that the viewer sees, of any sharer. Goes from the sharers' current
 * versions to the one with the given `modified`, so the work does not grow with older versions;
 * only of an object without versions are all looked through. Uses version_current and the unique
 * index that begins with the realm and the id.
 */
export async function findSeenVersions(
  tx: Tx,
  { realmId, organisationId }: Pick<Share, 'realmId' | 'organisationId'>,
  contents: readonly WantedContent[],
): Promise<SeenVersion[]> {
  const wanted = contents.map(({ stixId, modified, contentHash }) => ({
    id: stixId,
    at: modified,
    hash: contentHash,
  }));
  return tx.$queryRaw<SeenVersion[]>`
    select v.stix_id as "stixId", encode(v.content_hash, 'hex') as "contentHash", v.tlp,
      v.referenced_tlp as "referencedTlp",
      to_char(v.modified at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as modified,
      v.organisation_id = ${organisationId} as own, current.revoked as ended
    from json_to_recordset(${JSON.stringify(wanted)}::json) as wanted (
        id text, at timestamptz, hash text)
      cross join lateral (
        select * from version c
        where c.realm_id = ${realmId}::smallint and c.stix_id = wanted.id and not c.superseded
        offset 0) as current
      cross join lateral (
        (select * from version v
        where v.realm_id = current.realm_id and v.stix_id = current.stix_id
          and v.organisation_id = current.organisation_id and v.modified = wanted.at
        limit 1)
        union all
        select * from version v
        where wanted.at is null and v.realm_id = current.realm_id and v.stix_id = current.stix_id
          and v.organisation_id = current.organisation_id) as v
    where v.content_hash = decode(wanted.hash, 'hex')`;
}

/** What another member shares of an object that the viewer's organisation created and revoked. */
export async function findSharesToEnd(
  tx: Tx,
  stixIds: readonly string[],
): Promise<{ organisationId: number; stixId: string }[]> {
  return tx.$queryRaw`
    select organisation_id as "organisationId", stix_id as "stixId"
    from shares_to_end(${[...stixIds]}::text[])`;
}

/** A current version that is to be followed by its last. */
export interface LivingVersion extends Replaced {
  readonly stixId: string;
  readonly modified: string;
  readonly content: string;
}

/** The current versions of these objects that the viewer's organisation shares, locked. */
export async function lockLiving(
  tx: Tx,
  { realmId, organisationId }: Pick<Share, 'realmId' | 'organisationId'>,
  stixIds: readonly string[],
): Promise<LivingVersion[]> {
  return tx.$queryRaw<LivingVersion[]>`
    select id::text as "versionId", stix_id as "stixId", content,
      audience_id as "audienceId", tlp,
      to_char(modified at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as modified
    from version
    where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
      and stix_id = any(${[...stixIds]}) and not superseded and not revoked
    order by id for update`;
}

/** The revoked version that follows one that is superseded. */
export interface LastVersion {
  /** The one that it follows. */
  readonly after: string;
  readonly modified: string;
  readonly content: string;
  /** SHA-256 in hexadecimal. */
  readonly contentHash: string;
  /** Where its marking references begin in the content; null where it has none. */
  readonly referencesAt: number | null;
}

/** Keeps last versions for whom those before were for, with what was drawn out of those, and announces them. */
export async function saveLastVersions(
  tx: Tx,
  { auditId }: Pick<Share, 'auditId'>,
  versions: readonly LastVersion[],
): Promise<void> {
  await tx.$executeRaw`
    with given as materialized (
      select v.*, g.at, g.text, g.hash, g.references_at as list_at
      from json_to_recordset(${JSON.stringify(versions.map(toRow))}::json) as g(
          after bigint, at timestamptz, text text, hash text, references_at integer)
        join version v on v.id = g.after
    ), saved as (
      insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp, variant,
        superseded, revoked, confidence, labels, created_by_ref, valid_until, content_hash,
        content_key, referenced_tlp, references_at, content, audit_id)
      select realm_id, organisation_id, stix_id, type, at, audience_id, tlp, variant, false, true,
        confidence, labels, created_by_ref, valid_until, decode(hash, 'hex'), content_key,
        referenced_tlp, list_at, text,
        ${auditId}::text::bigint
      from given order by id
      returning id, realm_id, organisation_id, stix_id, audience_id, tlp
    ), observed as (
      update observable o set version_id = saved.id
      from given join saved using (stix_id) where o.version_id = given.id
    ), linked as (
      update link l set version_id = saved.id
      from given join saved using (stix_id) where l.version_id = given.id
    )
    insert into inbox (turn, kind, version_id, organisation_id, audience_id, tlp, realm_id)
    select turn, 'put', id, organisation_id, audience_id, tlp, realm_id
    from saved, inbox_turn order by id`;
}

function toRow({ after, modified, content, contentHash, referencesAt }: LastVersion): object {
  return {
    after,
    at: modified,
    text: content,
    hash: contentHash,
    references_at: referencesAt ?? undefined,
  };
}
