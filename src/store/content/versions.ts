import type { Role } from '../../stix/pattern/observables.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** A version to be kept, as accept decided it. Times are comparable timestamps. */
export interface NewVersion {
  readonly stixId: string;
  readonly type: string;
  readonly modified: string;
  readonly audienceId: number;
  readonly tlp: number;
  readonly superseded: boolean;
  /** Of an object without versions, which of those that different audiences are given. */
  readonly variant: number;
  readonly revoked: boolean;
  readonly confidence: number | null;
  readonly labels: readonly string[] | null;
  readonly createdByRef: string | null;
  readonly validUntil: string | null;
  /** SHA-256 in hexadecimal. */
  readonly contentHash: string;
  /** What an indicator looks for, in hexadecimal; null for other objects. */
  readonly contentKey: string | null;
  /** JSON text. */
  readonly content: string;
  /** The rank of the strictest TLP reference of the object itself; null where it has none. */
  readonly referencedTlp: number | null;
  /** Where its references begin in the content; null where it has none. */
  readonly referencesAt: number | null;
  readonly observables: readonly NewObservable[];
  /** The objects that it connects with (stix/links.ts). */
  readonly links: readonly { readonly property: string; readonly target: string }[];
}

/** A value by which a version is looked up (stix/describe.ts). */
export interface NewObservable {
  readonly kind: string;
  readonly value: string;
  readonly role: Role;
  /** 32 hexadecimal digits. */
  readonly key: string;
  readonly address?: string;
  readonly domain?: string;
  readonly file?: number;
}

export interface StoredVersion {
  readonly versionId: string;
  readonly stixId: string;
  readonly modified: string;
  readonly contentHash: string;
  readonly superseded: boolean;
  readonly revoked: boolean;
  readonly audienceId: number;
  readonly tlp: number;
  readonly referencedTlp: number | null;
  readonly variant: number;
}

/** Somebody wrote a version of the same object at the same time: decide again. */
export class ConcurrentWrite extends Error {
  override readonly name = 'ConcurrentWrite';
}

/** What an organisation keeps of some objects, and which of them it may not keep any more. */
export interface OwnVersions {
  readonly versions: StoredVersion[];
  /** Ids of objects that were purged, and that the organisation had shared or seen. */
  readonly purged: ReadonlySet<string>;
}

type OwnRow = StoredVersion | { readonly versionId: null; readonly stixId: string };

/** An object that may be stored: its id, and its `modified` unless it has no versions. */
export interface Wanted {
  readonly stixId: string;
  /** A comparable timestamp. */
  readonly modified?: string | undefined;
}

/**
 * The viewer's own organisation's versions of these objects: the current version of each (of an object
 * without versions, every variant), and the one with the given `modified`. Each pair of id and `modified` is looked up by itself, in whichever
 * way the statement is planned, so the work does not grow with the number of older versions.
 * Uses version_current and the unique index that begins with the realm and the id.
 */
export async function findOwnVersions(
  tx: Tx,
  realmId: number,
  organisationId: number,
  objects: readonly Wanted[],
): Promise<OwnVersions> {
  const ids = [...new Set(objects.map(({ stixId }) => stixId))].join(',');
  const pairs = [...new Set(objects.map(({ stixId, modified = '' }) => `${stixId},${modified}`))];
  // Lists as one text each: neither holds a comma, and Prisma takes arrays apart one by one.
  const rows = await tx.$queryRaw<OwnRow[]>`
    with found as (
      select v.* from unnest(string_to_array(${ids}, ',')) as wanted (stix_id)
        cross join lateral (
          select * from version v
          where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}
            and v.stix_id = wanted.stix_id and not v.superseded
          offset 0) as v
      union all
      select v.* from unnest(string_to_array(${pairs.join('|')}, '|')) as pair,
        lateral (
          select * from version v
          where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}
            and v.stix_id = split_part(pair, ',', 1)
            and v.modified = nullif(split_part(pair, ',', 2), '')::timestamptz
          limit 1) as v
      where v.superseded
    )
    select id::text as "versionId", stix_id as "stixId", superseded, revoked, tlp, variant,
      to_char(modified at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as modified,
      encode(content_hash, 'hex') as "contentHash", audience_id as "audienceId",
      referenced_tlp as "referencedTlp"
    from found
    union all
    select null, stix_id, null, null, null, null, null, null, null, null from purged_witness
    where realm_id = ${realmId}::smallint and organisation_id = ${organisationId}
      and stix_id = any(string_to_array(${ids}, ','))`;
  const versions = rows.filter((row) => row.versionId !== null);
  const gone = rows.filter((row) => row.versionId === null);
  return { versions, purged: new Set(gone.map(({ stixId }) => stixId)) };
}

/** An audience with the TLP rank of what it gets. */
export interface Address {
  readonly audienceId: number;
  readonly tlp: number;
}

/** A current version as it was read: what follows from replacing it depends on its address. */
export interface Replaced extends Address {
  readonly versionId: string;
}

/**
 * Marks versions as superseded. Only current versions are looked up, so their observables and links are
 * deleted, unless they wait for `saveLastVersions`, which hands them to the next version. Throws ConcurrentWrite when
 * another writer did so first, or readdressed one of them meanwhile.
 */
export async function supersede(
  tx: Tx,
  replaced: readonly Replaced[],
  { drawn }: { readonly drawn: 'delete' | 'hand on' } = { drawn: 'delete' },
): Promise<void> {
  if (replaced.length === 0) return;
  const rows = replaced.map(({ versionId, audienceId, tlp }) => ({ versionId, audienceId, tlp }));
  const marked = await tx.$executeRaw`
    with given as materialized (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as g(
        "versionId" bigint, "audienceId" integer, tlp smallint)
    ), unobserved as (
      delete from observable o using given g
      where ${drawn === 'delete'} and o.version_id = g."versionId"
    ), unlinked as (
      delete from link l using given g
      where ${drawn === 'delete'} and l.version_id = g."versionId"
    )
    update version v set superseded = true from given g
    where v.id = g."versionId" and not v.superseded
      and v.audience_id = g."audienceId" and v.tlp = g.tlp`;
  if (marked !== replaced.length) throw new ConcurrentWrite('A version was replaced meanwhile');
}

export interface Share {
  readonly realmId: number;
  readonly organisationId: number;
  readonly auditId: string;
}
