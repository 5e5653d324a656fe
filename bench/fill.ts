import type { Client } from 'pg';

const CHUNK = 100_000;

/**
 * Fills the log with so many indicators of an organisation, shared with its default community, by
 * SQL alone: what a server would have written, only faster. Filling is not measured, so it does not
 * wait for the disk at each commit.
 */
export async function fillLog(client: Client, slug: string, objects: number): Promise<void> {
  await client.query('set synchronous_commit = off');
  for (let from = 1; from <= objects; from += CHUNK) {
    await client.query(fill, [from, Math.min(objects, from + CHUNK - 1), slug]);
  }
  await client.query('reset synchronous_commit');
  await client.query('vacuum analyze version');
  await client.query('vacuum analyze log');
}

/** The id of the `index`-th of them, from 1 on. */
export function filledId(index: number): string {
  return `indicator--${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

const fill = `
  with sharer as (
    select id, default_community_id as audience_id,
      (select stix_id from identity where organisation_id = organisation.id) as identity
    from organisation where slug = $3
  ), made as (
    select i, 'indicator--' || lpad(to_hex(i), 8, '0') || '-0000-4000-8000-000000000000' as stix_id,
      timestamptz '2026-01-01' + i * interval '1 millisecond' as modified
    from generate_series($1::bigint, $2::bigint) as i
  ), saved as (
    insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp,
      revoked, confidence, labels, created_by_ref, content_hash, content, audit_id)
    select 1, sharer.id, stix_id, 'indicator', modified, sharer.audience_id, 1, false, 60,
      '{botnet,c2}', identity, sha256(stix_id::bytea), replace(replace(json_build_object(
        'type', 'indicator', 'spec_version', '2.1', 'id', stix_id, 'created_by_ref', identity,
        'created', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'modified', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'name', 'Address ' || i || ' of a botnet''s controller',
        'description', 'Seen as a command and control server; blocks of it are safe to apply.',
        'indicator_types', json_build_array('malicious-activity'),
        'pattern', format('[domain-name:value = %L]', 'host-' || i || '.example.com'),
        'pattern_type', 'stix', 'pattern_version', '2.1',
        'valid_from', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'confidence', 60, 'labels', json_build_array('botnet', 'c2'))::text, '" : ', '":'), ', "', ',"'), 0
    from made, sharer
    returning id, organisation_id, audience_id, tlp, realm_id, modified
  ), parted as (
    select ensure_log_partition($1), ensure_log_partition($2)
  )
  insert into log (seq, kind, version_id, organisation_id, audience_id, tlp, realm_id, date_added)
  select $1::bigint - 1 + row_number() over (order by id), 'put', id, organisation_id, audience_id,
    tlp, realm_id, modified
  from saved, parted`;
