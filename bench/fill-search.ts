import type { Client } from 'pg';

const CHUNK = 50_000;
const INDEXED_AT_ONCE = 20_000;

/**
 * Fills the store with so many indicators of an organisation that differ in what searches ask for, by SQL
 * alone, and indexes them. Every second one goes to the second community.
 */
export async function fillForSearch(
  client: Client,
  {
    slug,
    other,
    objects,
  }: { readonly slug: string; readonly other: string; readonly objects: number },
): Promise<void> {
  await client.query('set synchronous_commit = off');
  for (let from = 1; from <= objects; from += CHUNK) {
    await client.query(fill, [from, Math.min(objects, from + CHUNK - 1), slug, other]);
  }
  for (let behind = 1; behind > 0;) {
    const { rows } = await client.query<{ behind: string }>(
      `select advance_search_index(${INDEXED_AT_ONCE}) as behind`,
    );
    behind = Number(rows[0]?.behind ?? 0);
  }
  await client.query('reset synchronous_commit');
  for (const table of ['version', 'log', 'search_term', 'search_text']) {
    await client.query(`vacuum analyze ${table}`);
  }
}

const fill = `
  with sharer as (
    select o.id, array[o.default_community_id, a.id] as audiences,
      (select stix_id from identity where organisation_id = o.id) as identity
    from organisation o, audience a where o.slug = $3 and a.slug = $4
  ), made as (
    select i, 'indicator--' || lpad(to_hex(i), 8, '0') || '-0000-4000-8000-000000000000' as stix_id,
      timestamptz '2026-01-01' + i * interval '1 millisecond' as modified,
      case when i % 10 = 0 then timestamptz '2026-02-01' end as valid_until,
      array['family-' || i % 1000, 'c2'] as labels
    from generate_series($1::bigint, $2::bigint) as i
  ), saved as (
    insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp,
      revoked, confidence, labels, created_by_ref, valid_until, content_hash, content_key, content, audit_id)
    select 1, sharer.id, stix_id, 'indicator', modified, sharer.audiences[1 + i % 2], 1, false, i % 100,
      labels, identity, valid_until, sha256(stix_id::bytea), substring(sha256(stix_id::bytea) for 16),
      json_build_object(
        'type', 'indicator', 'spec_version', '2.1', 'id', stix_id, 'created_by_ref', identity,
        'created', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'modified', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'name', 'Address ' || i || ' of a botnet''s controller, wave ' || md5((i % 20000)::text),
        'description', 'Seen as a command and control server; blocks of it are safe to apply.',
        'indicator_types', json_build_array('malicious-activity'),
        'external_references', json_build_array(json_build_object(
          'source_name', 'mitre-attack', 'external_id', 'T' || 1000 + i % 200)),
        'kill_chain_phases', json_build_array(json_build_object(
          'kill_chain_name', 'lockheed-martin-cyber-kill-chain', 'phase_name', 'phase-' || i % 7)),
        'pattern', format('[domain-name:value = %L]', 'host-' || i || '.example.com'),
        'pattern_type', 'stix', 'pattern_version', '2.1',
        'valid_from', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'confidence', i % 100, 'labels', to_json(labels))::text, 0
    from made, sharer
    returning id, organisation_id, audience_id, tlp, realm_id, modified
  ), parted as (
    select ensure_log_partition($1), ensure_log_partition($2)
  )
  insert into log (seq, kind, version_id, organisation_id, audience_id, tlp, realm_id, date_added)
  select $1::bigint - 1 + row_number() over (order by id), 'put', id, organisation_id, audience_id,
    tlp, realm_id, modified
  from saved, parted`;
