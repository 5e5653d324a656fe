-- The tree: every committed row becomes a leaf. docs/audit.md states the bytes that are hashed.

create function await_leaf() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  insert into audit_pending (turn, audit_id, at) select turn, new.id, new.at from audit_turn;
  return null;
end
$$;

create trigger await_leaf after insert on audit for each row execute function await_leaf();

-- The bytes of a row whose hash is its leaf: see docs/audit.md.
create function audit_entry(entry audit) returns text
language sql stable set search_path from current as $$
  select concat_ws(e'\n',
    'tocsin audit 1',
    entry.id,
    to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    coalesce(entry.organisation_id::text, '-'),
    coalesce(entry.realm_id::text, '-'),
    to_json(entry.actor),
    to_json(entry.action),
    coalesce(to_json(entry.request_id)::text, '-'),
    encode(sha256(convert_to(
      entry.address_salt || e'\n' || coalesce(host(entry.address), '-'), 'UTF8')), 'hex'),
    entry.detail,
    entry.nonce) || e'\n'
$$;

-- The bytes of a leaf: see docs/audit.md.
create function audit_leaf_text(audit_id bigint, month date, organisation_id integer,
                                entry_hash bytea) returns text
language sql stable set search_path from current as $$
  select concat_ws(e'\n', 'tocsin audit leaf 1', audit_id, to_char(month, 'YYYY-MM'),
    organisation_id, encode(entry_hash, 'hex')) || e'\n'
$$;

-- The chain of hashes over the leaves of one organisation, from the head before them.
create function audit_join_head(head bytea, before bytea, leaf bytea) returns bytea
language sql immutable parallel safe as $$
  select sha256('\x02'::bytea || coalesce(head, before) || leaf)
$$;
create aggregate audit_head(bytea, bytea) (sfunc = audit_join_head, stype = bytea);

-- Makes committed rows leaves, gaplessly, and whole nodes above them. One transaction at a time
-- does it, whichever process asked. A row that is gone before it became a leaf stops it, loudly.
create function chain_audit(batch_max integer, out chained integer, out size bigint)
language plpgsql security definer set search_path from current as $$
declare
  old_size bigint;
  above smallint := 1;
begin
  perform prepare_audit();
  perform take_lock('audit');
  select coalesce(max(position) + 1, 0) into old_size from audit_leaf;
  with taken as (
    delete from audit_pending where audit_id in (
      select audit_id from audit_pending order by audit_id limit batch_max)
    returning audit_id, at
  ), entered as (
    select old_size + row_number() over (order by taken.audit_id) - 1 as position, taken.audit_id,
      coalesce(entry.organisation_id, 0) as organisation_id,
      date_trunc('month', taken.at at time zone 'UTC')::date as month,
      case when entry.id is not null
        then sha256(convert_to(audit_entry(entry), 'UTF8')) end as entry_hash
    from taken left join audit entry on entry.id = taken.audit_id and entry.at = taken.at
  ), leaf as (
    select *, sha256('\x00'::bytea || convert_to(
      audit_leaf_text(audit_id, month, organisation_id, entry_hash), 'UTF8')) as hash
    from entered
  ), part as (
    select organisation_id, coalesce(last.part_count, 0) as part_count,
      coalesce(last.part_head, sha256('')) as part_head
    from (select distinct organisation_id from entered) as named left join lateral (
      select l.part_count, l.part_head from audit_leaf l
      where l.organisation_id = named.organisation_id order by l.position desc limit 1
    ) as last on true
  )
  insert into audit_leaf
    select position, audit_id, organisation_id, month, entry_hash, hash,
      part_count + row_number() over own, audit_head(part_head, hash) over own
    from leaf join part using (organisation_id)
    window own as (partition by organisation_id order by position);
  get diagnostics chained = row_count;
  size := old_size + chained;
  insert into audit_node
    select 1, l.position >> 1, sha256('\x01'::bytea || l.hash || r.hash)
    from audit_leaf l join audit_leaf r on r.position = l.position + 1
    where l.position >= (old_size >> 1) << 1 and l.position % 2 = 0;
  while size >> above > old_size >> above loop
    insert into audit_node
      select above + 1, l.place >> 1, sha256('\x01'::bytea || l.hash || r.hash)
      from audit_node l join audit_node r on r.level = above and r.place = l.place + 1
      where l.level = above and l.place % 2 = 0
        and l.place >= (old_size >> (above + 1)) << 1;
    above := above + 1;
  end loop;
  perform switch_halves('audit_pending', 'audit_turn', 1024 * 1024);
end
$$;

grant execute on function chain_audit to tocsin_server;
grant execute on function audit_entry to tocsin_app, tocsin_server;
