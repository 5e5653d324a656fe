/** Indicators that are looked up: filled by SQL, and asked about by their values. */
import type { Client } from 'pg';

const CHUNK = 100_000;

/** The kinds that feeds are made of, one after another; each indicator has a value of its own. */
const VALUES: readonly ((index: number) => readonly [kind: string, value: string])[] = [
  (i) => ['ipv4-addr', `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`],
  (i) => ['domain-name', `host-${i}.example.com`],
  (i) => ['url', `https://www.example.org/path/${i}/gate.php`],
  (i) => ['sha256', i.toString(16).padStart(64, 'a')],
];

/** The value of an indicator. */
export function listedValue(index: number): string {
  return VALUES[index % VALUES.length]?.(index)[1] ?? '';
}

/** A value of the same kind that no indicator lists. */
export function unlistedValue(index: number): string {
  const others: readonly string[] = [
    `172.${16 + ((index >> 16) & 15)}.${(index >> 8) & 255}.${index & 255}`,
    `other-${index}.example.com`,
    `https://www.example.net/path/${index}/gate.php`,
    index.toString(16).padStart(64, 'b'),
  ];
  return others[index % others.length] ?? '';
}

/**
 * Fills versions and observables with so many current indicators of an organisation, shared with its
 * default community: what a server would have written, without the log, which no look-up reads.
 */
export async function fillListed(
  client: Client,
  slug: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  await client.query('set synchronous_commit = off');
  for (let start = from; start < to; start += CHUNK) {
    await client.query(FILL, [start, Math.min(to, start + CHUNK) - 1, slug]);
  }
  await client.query('reset synchronous_commit');
  for (const table of ['version', 'observable']) await client.query(`vacuum analyze ${table}`);
}

const FILL = `
  with sharer as (
    select id, default_community_id as audience_id from organisation where slug = $3
  ), made as (
    select i, 'indicator--' || lpad(to_hex(i), 8, '0') || '-0000-4000-8000-000000000000' as stix_id,
      timestamptz '2026-01-01' + i * interval '1 millisecond' as modified,
      (array['ipv4-addr', 'domain-name', 'url', 'sha256'])[1 + i % 4] as kind,
      case i % 4
        when 0 then format('10.%s.%s.%s', i >> 16 & 255, i >> 8 & 255, i & 255)
        when 1 then format('host-%s.example.com', i)
        when 2 then format('https://www.example.org/path/%s/gate.php', i)
        else lpad(to_hex(i), 64, 'a') end as value
    from generate_series($1::integer, $2::integer) as i
  ), saved as (
    insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp,
      revoked, confidence, labels, content_hash, content, audit_id)
    select 1, sharer.id, stix_id, 'indicator', modified, sharer.audience_id, 1, false, 60,
      '{botnet,c2}', sha256(stix_id::bytea), json_build_object(
        'type', 'indicator', 'spec_version', '2.1', 'id', stix_id,
        'created', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'modified', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'name', 'Address ' || i || ' of a botnet''s controller',
        'description', 'Seen as a command and control server; blocks of it are safe to apply.',
        'indicator_types', json_build_array('malicious-activity'),
        'pattern', format('[%s = %L]', case kind when 'sha256' then 'file:hashes.''SHA-256'''
          else kind || ':value' end, value),
        'pattern_type', 'stix', 'pattern_version', '2.1',
        'valid_from', to_char(modified, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'confidence', 60, 'labels', json_build_array('botnet', 'c2'))::text, 0
    from made, sharer
    returning id, organisation_id, audience_id, stix_id
  )
  insert into observable (version_id, ordinal, realm_id, organisation_id, audience_id, tlp, role, kind, value, key,
    address, domain)
  select saved.id, 0, 1, organisation_id, audience_id, 1, 0, kind, value,
    encode(substring(sha256(kind::bytea || '\\x00'::bytea || value::bytea) for 16), 'hex')::uuid,
    case kind when 'ipv4-addr' then value::inet end,
    case kind when 'domain-name' then format('com.example.host-%s.', i) when 'url' then 'org.example.www.' end
  from saved join made using (stix_id)`;
