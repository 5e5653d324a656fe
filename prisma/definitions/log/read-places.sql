-- The classes of the rows of (after, up_to] that a filter may let through, without superseded versions up to
-- current_to. Of one class are current versions that agree in all that the policies of log and version look
-- at; more decides about the others (superseded ones, those that the filter lets through for the sake of
-- the one before, and objects without versions that have a stricter share), so each of those is a class of its own. Sees every row, to tell of none but its place.
-- The versions of a page lie together, so they are read in one go and joined to the log by their keys.
-- Planned while the tables were small, that would go through all of them once they have grown: so no
-- other way is left to the planner.
create function log_classes(after bigint, up_to bigint, current_to bigint, filter log_filter)
returns setof log_class
language plpgsql stable security definer set search_path from current
set enable_nestloop = off set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  ids bigint[] := array(
    select version_id from log where seq > after and seq <= up_to and kind = 'put');
begin
  return query
    select min(l.seq), array_agg(l.seq)
    from log l left join (select * from version where id = any(ids)) v on v.id = l.version_id
    where l.seq > after and l.seq <= up_to
      and (l.kind <> 'put' or v.id is not null and (l.seq > current_to or not v.superseded)
        and (filter is null or is_wanted(filter, v.type, v.labels, v.confidence, v.created_by_ref)
          or may_end_match(filter, v.id, v.revoked, l.seq > current_to)))
    group by l.realm_id, l.audience_id, l.tlp,
      v.realm_id, v.audience_id, v.tlp, v.organisation_id,
      -- A filter with a null in it is not `not null`, and is_wanted of what an object lacks is null.
      case when l.kind <> 'put' or v.superseded or not filter is null and is_wanted(filter,
        v.type, v.labels, v.confidence, v.created_by_ref) is not true
        or is_unversioned(v.type) and (select max(o.tlp) from version o where o.realm_id = v.realm_id
          and o.stix_id = v.stix_id and not o.superseded) > v.tlp then l.seq end;
end
$$;

-- The places of the very rows that read_log gives, parted by blanks, for many readers of the same
-- parts of the log: row security is asked about one row of each class, not about every row that a
-- bundle brought for every reader, and those who get the same are told it once, in one text for each level
-- and sharer: a result is taken apart value by value, which costs more than finding the places does. Of
-- each text, no more than row_max places are those that read_log gives.
create function read_places(parts json)
returns table (readers integer[], tlp smallint, sharer text, places text)
language plpgsql stable set search_path from current as $$
declare
  part record;
  r record;
  classes log_class[];
  samples bigint[];
  numbers integer[];
  seen text[];
begin
  for part in
    select * from json_to_recordset(parts) as (after bigint, up_to bigint, current_to bigint,
      row_max integer, filter log_filter, readers json)
  loop
    classes := array(
      select class from log_classes(part.after, part.up_to, part.current_to, part.filter) as class);
    samples := array(select class.sample from unnest(classes) as class);
    numbers := '{}';
    seen := '{}';
    for r in
      select * from json_to_recordset(part.readers) as (number integer, organisation integer,
        realm smallint, ceiling smallint, cleared boolean)
    loop
      perform enter_reader(r.organisation, r.realm, r.ceiling, r.cleared);
      numbers := numbers || r.number;
      seen := seen || array(
        select concat_ws(':', s.seq, s.tlp, s.sharer) from log_served s where s.seq = any(samples)
          and case s.kind
            when 'put' then part.filter is null
              or is_wanted(part.filter, s.type, s.labels, s.confidence, s.creator)
              or ends_match(part.filter, s.version_id, s.revoked, s.seq > part.current_to)
            else is_withdrawn(part.filter, s.realm_id, s.stix_id) end
        order by s.seq)::text;
    end loop;
    return query
      select told.numbers, alike.tlp, alike.sharer, array_to_string(array(
        select place from unnest(classes) as class, unnest(class.places) as place
        where class.sample = any(alike.samples) order by place limit part.row_max), ' ')
      from (
        select array_agg(t.number) as numbers, t.samples::text[] as samples
        from unnest(numbers, seen) as t (number, samples) group by t.samples
      ) as told, lateral (
        select nullif(split_part(one, ':', 2), '')::smallint as tlp,
          nullif(split_part(one, ':', 3), '') as sharer,
          array_agg(split_part(one, ':', 1)::bigint) as samples
        from unnest(told.samples) as one group by 1, 2
      ) as alike;
  end loop;
  perform leave_readers();
end
$$;

grant execute on function log_classes, read_places to tocsin_app;
