import { withLargeValues } from './large-values.ts';
import { isUniqueViolation, type Tx } from './transaction.ts';

/** A version to be kept, as accept decided it. Times are comparable timestamps. */
export interface NewVersion {
  readonly stixId: string;
  readonly type: string;
  readonly modified: string;
  readonly audienceId: number;
  readonly tlp: number;
  readonly superseded: boolean;
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
  readonly observables: readonly { kind: string; value: string; digest: string }[];
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
 * The viewer's own organisation's versions of these objects: the current version of each, and the
 * one with the given `modified`. Each pair of id and `modified` is looked up by itself, in whichever
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
          limit 1) as v
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
    select id::text as "versionId", stix_id as "stixId", superseded, revoked, tlp,
      to_char(modified at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as modified,
      encode(content_hash, 'hex') as "contentHash", audience_id as "audienceId"
    from found
    union all
    select null, stix_id, null, null, null, null, null, null from purged_witness
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
 * Marks versions as superseded. Throws ConcurrentWrite when another writer did so first, or
 * addressed one of them anew meanwhile.
 */
export async function supersede(tx: Tx, replaced: readonly Replaced[]): Promise<void> {
  if (replaced.length === 0) return;
  const rows = replaced.map(({ versionId, audienceId, tlp }) => ({ versionId, audienceId, tlp }));
  const marked = await tx.$executeRaw`
    with given as materialized (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as g(
        "versionId" bigint, "audienceId" integer, tlp smallint)
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

/** An indicator that looks for what an older one of the same organisation, under another id, does. */
export interface Reissue {
  readonly stixId: string;
  /** The id of the oldest one. */
  readonly duplicateOf: string;
}

/**
 * Keeps versions with their observables and puts them in the inbox, in one statement. Returns
 * those that are re-issues of something kept before.
 * Throws ConcurrentWrite when another writer kept a version of one of these objects meanwhile.
 */
export async function saveVersions(
  tx: Tx,
  share: Share,
  versions: readonly NewVersion[],
): Promise<Reissue[]> {
  try {
    const { rows, contents } = versionRows(versions);
    const values = [rows, contents, observableRows(versions)];
    return await withLargeValues(values, (tokens) => insertVersions(tx, share, tokens));
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new ConcurrentWrite('A version was kept meanwhile', { cause });
  }
}

async function insertVersions(
  tx: Tx,
  { realmId, organisationId, auditId }: Share,
  [given, texts, drawn]: readonly string[],
): Promise<Reissue[]> {
  return tx.$queryRaw<Reissue[]>`
    with given as materialized (
      select * from json_to_recordset(${given}::json) as g(
        stix_id text, type text, modified timestamptz, audience_id integer, tlp smallint,
        superseded boolean, revoked boolean, confidence smallint, labels text[],
        created_by_ref text, valid_until timestamptz, content_hash text, content_key text,
        start integer, bytes integer)
    ), saved as (
      insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp,
        superseded, revoked, confidence, labels, created_by_ref, valid_until, content_hash,
        content_key, content, audit_id)
      select ${realmId}::smallint, ${organisationId}::integer, stix_id, type, modified,
        audience_id, tlp, coalesce(superseded, false), coalesce(revoked, false), confidence, labels,
        created_by_ref, valid_until,
        decode(content_hash, 'hex'), decode(content_key, 'hex'),
        convert_from(substring(${texts}::bytea from start for bytes), 'UTF8'),
        ${auditId}::text::bigint
      from given order by stix_id, modified
      returning id, stix_id, modified, audience_id, tlp
    ), drawn as (
      insert into observable (version_id, ordinal, realm_id, organisation_id, audience_id, tlp,
        kind, value, digest)
      select saved.id, o.ordinal, ${realmId}::smallint, ${organisationId}::integer,
        saved.audience_id, saved.tlp, o.kind, o.value, o.digest
      from json_to_recordset(${drawn}::json) as o(
          stix_id text, modified timestamptz, ordinal smallint, kind text, value text, digest bigint)
        join saved using (stix_id, modified)
    ), announced as (
      insert into inbox (turn, kind, version_id, organisation_id, audience_id, tlp, realm_id)
      select inbox_turn.turn, 'put', id, ${organisationId}::integer, audience_id, tlp,
        ${realmId}::smallint
      from saved, inbox_turn order by id
    )
    select given.stix_id as "stixId", oldest.stix_id as "duplicateOf"
    from given cross join lateral (
      select v.stix_id from version v
      where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}::integer
        and v.content_key = decode(given.content_key, 'hex')
      order by v.id limit 1
    ) as oldest
    where given.content_key is not null and oldest.stix_id <> given.stix_id`;
}

/**
 * Rows for json_to_recordset, and beside them the contents one after another: the database cuts
 * them out by place, which costs it a fifth of reading them as JSON.
 */
function versionRows(versions: readonly NewVersion[]): { rows: string; contents: Buffer } {
  const contents = Buffer.from(versions.map(({ content }) => content).join(''));
  let start = 1;
  const rows = versions.map((version) => {
    const bytes = Buffer.byteLength(version.content);
    const row = {
      stix_id: version.stixId,
      type: version.type,
      modified: version.modified,
      audience_id: version.audienceId,
      tlp: version.tlp,
      // What most lack is left out, which reads as null.
      superseded: version.superseded || undefined,
      revoked: version.revoked || undefined,
      confidence: version.confidence ?? undefined,
      labels: version.labels ?? undefined,
      created_by_ref: version.createdByRef ?? undefined,
      valid_until: version.validUntil ?? undefined,
      content_hash: version.contentHash,
      content_key: version.contentKey ?? undefined,
      start,
      bytes,
    };
    start += bytes;
    return row;
  });
  return { rows: JSON.stringify(rows), contents };
}

function observableRows(versions: readonly NewVersion[]): string {
  const rows = versions.flatMap(({ stixId, modified, observables }) =>
    observables.map(({ kind, value, digest }, ordinal) => ({
      stix_id: stixId,
      modified,
      ordinal,
      kind,
      value,
      digest,
    })),
  );
  return JSON.stringify(rows);
}
