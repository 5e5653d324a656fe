/** Stores new versions with all that is drawn out of them, and announces them. */
import { Prisma } from '../generated/client.ts';
import { withLargeValues } from '../postgres/large-values.ts';
import { ROLES } from '../../stix/pattern/observables.ts';
import { isUniqueViolation, type Tx } from '../postgres/transaction.ts';
import { ConcurrentWrite, type Address, type NewVersion, type Share } from './versions.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** An indicator that looks for what an older one of the same organisation, under another id, does. */
export interface Reissue {
  readonly stixId: string;
  /** The id of the oldest one. */
  readonly duplicateOf: string;
}

/** A stored version that the inbox gets again, since further organisations see it. */
export interface AnnouncedAgain extends Address {
  readonly versionId: string;
}

/** In the order of the log. */
export type Announced = NewVersion | AnnouncedAgain;

/**
 * Stores versions with their observables and links and puts them in the inbox, in the order given, among stored
 * ones that are announced again; in one statement, which inserts rows in the order of their ids, as other
 * writers do. Returns the re-issues of something stored before.
 * Throws ConcurrentWrite when another writer stored a version of one of these objects meanwhile.
 */
export async function saveVersions(
  tx: Tx,
  share: Share,
  announced: readonly Announced[],
): Promise<Reissue[]> {
  try {
    const placed = announced.map((one, place) => ({ ...one, place }));
    const versions = placed.filter((one) => 'stixId' in one);
    const again = placed.filter((one) => 'versionId' in one);
    const { rows, contents } = versionRows(versions);
    const values = [rows, contents, observableRows(versions), linkRows(versions), againRows(again)];
    return await withLargeValues(values, (tokens) => insertVersions(tx, share, tokens));
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new ConcurrentWrite('A version was stored meanwhile', { cause });
  }
}

async function insertVersions(
  tx: Tx,
  share: Share,
  [given, texts, observables, links, again]: readonly string[],
): Promise<Reissue[]> {
  const { realmId, organisationId, auditId } = share;
  return tx.$queryRaw<Reissue[]>`
    with given as materialized (
      select * from json_to_recordset(${given}::json) as g(
        stix_id text, type text, modified timestamptz, audience_id integer, tlp smallint,
        place integer, variant smallint, superseded boolean, revoked boolean, confidence smallint, labels text[],
        created_by_ref text, valid_until timestamptz, content_hash text, content_key text,
        referenced_tlp smallint, references_at integer, start integer, bytes integer)
    ), saved as (
      insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp,
        variant, superseded, revoked, confidence, labels, created_by_ref, valid_until, content_hash,
        content_key, referenced_tlp, references_at, content, audit_id)
      select ${realmId}::smallint, ${organisationId}::integer, stix_id, type, modified,
        audience_id, tlp, coalesce(variant, 0), coalesce(superseded, false), coalesce(revoked, false), confidence, labels,
        created_by_ref, valid_until,
        decode(content_hash, 'hex'), decode(content_key, 'hex'), referenced_tlp, references_at,
        convert_from(substring(${texts}::bytea from start for bytes), 'UTF8'),
        ${auditId}::text::bigint
      from given order by stix_id, modified
      returning id, stix_id, modified, audience_id, tlp
    ), ${drawn(share, observables, links)}, announced as (
      insert into inbox (turn, kind, version_id, organisation_id, audience_id, tlp, realm_id)
      select inbox_turn.turn, 'put', id, ${organisationId}::integer, audience_id, tlp,
        ${realmId}::smallint
      from (${placed(again)}) as placed, inbox_turn order by placed.place
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

/** The parts of a statement that store what was drawn out of the versions that it saved. */
function drawn(
  { realmId, organisationId }: Share,
  observables: string | undefined,
  links: string | undefined,
): Prisma.Sql {
  return Prisma.sql`
    observed as (
      insert into observable (version_id, ordinal, realm_id, organisation_id, audience_id, tlp,
        role, file, kind, value, key, address, domain)
      select saved.id, o.ordinal, ${realmId}::smallint, ${organisationId}::integer,
        saved.audience_id, saved.tlp, coalesce(o.role, 0), o.file, o.kind, o.value, o.key, o.address, o.domain
      from json_to_recordset(${observables}::json) as o(
          stix_id text, modified timestamptz, ordinal smallint, role smallint, file smallint, kind text,
          value text, key uuid, address inet, domain text)
        join saved using (stix_id, modified)
    ), linked as (
      insert into link (version_id, ordinal, realm_id, organisation_id, audience_id, tlp, property, target)
      select saved.id, l.ordinal, ${realmId}::smallint, ${organisationId}::integer,
        saved.audience_id, saved.tlp, l.property, l.target
      from json_to_recordset(${links}::json) as l(
          stix_id text, modified timestamptz, ordinal integer, property text, target text)
        join saved using (stix_id, modified)
    )`;
}

/** What a statement that saves announces: its own rows, and stored ones again. */
function placed(again: string | undefined): Prisma.Sql {
  return Prisma.sql`
    select saved.id, saved.audience_id, saved.tlp, given.place
    from saved join given using (stix_id, modified)
    union all
    select * from json_to_recordset(${again}::json) as a(
      id bigint, audience_id integer, tlp smallint, place integer)`;
}

/**
 * Rows for json_to_recordset, and beside them the contents one after another: the database cuts
 * them out by place, which costs it a fifth of reading them as JSON.
 */
function versionRows(versions: readonly (NewVersion & Placed)[]): {
  rows: string;
  contents: Buffer;
} {
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
      place: version.place,
      // What most lack is left out, which reads as null.
      variant: version.variant || undefined,
      superseded: version.superseded || undefined,
      revoked: version.revoked || undefined,
      confidence: version.confidence ?? undefined,
      labels: version.labels ?? undefined,
      created_by_ref: version.createdByRef ?? undefined,
      valid_until: version.validUntil ?? undefined,
      content_hash: version.contentHash,
      content_key: version.contentKey ?? undefined,
      referenced_tlp: version.referencedTlp ?? undefined,
      references_at: version.referencesAt ?? undefined,
      start,
      bytes,
    };
    start += bytes;
    return row;
  });
  return { rows: JSON.stringify(rows), contents };
}

interface Placed {
  /** In the order of the log. */
  readonly place: number;
}

function againRows(again: readonly (AnnouncedAgain & Placed)[]): string {
  const rows = again.map(({ versionId, audienceId, tlp, place }) => ({
    id: versionId,
    audience_id: audienceId,
    tlp,
    place,
  }));
  return JSON.stringify(rows);
}

function observableRows(versions: readonly NewVersion[]): string {
  // Only current versions are looked up.
  const current = versions.filter(({ superseded }) => !superseded);
  const rows = current.flatMap(({ stixId, modified, observables }) =>
    observables.map(({ role, ...observable }, ordinal) => ({
      stix_id: stixId,
      modified,
      ordinal,
      // What most lack is left out, which reads as 0.
      role: ROLES.indexOf(role) || undefined,
      ...observable,
    })),
  );
  return JSON.stringify(rows);
}

function linkRows(versions: readonly NewVersion[]): string {
  const current = versions.filter(({ superseded }) => !superseded);
  const rows = current.flatMap(({ stixId, modified, links }) =>
    links.map((link, ordinal) => ({ stix_id: stixId, modified, ordinal, ...link })),
  );
  return JSON.stringify(rows);
}
