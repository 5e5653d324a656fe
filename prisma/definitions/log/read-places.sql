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
set enable_nestloop = off set enable_hashjoin = on set enable_mergejoin = on
set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  ids bigint[] := array(
    select version_id from log where seq > after and seq <= up_to and kind = 'put');
begin
  return query
    select min(l.seq), array_agg(l.seq)
    from log l left join (select * from version where id = any(ids)) v on v.id = l.version_id
    where l.seq > after and l.seq <= up_to
      and (l.kind <> 'put' or v.id is not null and (l.seq > current_to or not v.superseded)
        and (filter is null or is_wanted(filter, v.type, v.labels, v.confidence, v.created_by_ref, v.content)
          or may_end_match(filter, v.id, v.revoked, l.seq > current_to)))
    group by l.realm_id, l.audience_id, l.tlp,
      v.realm_id, v.audience_id, v.tlp, v.organisation_id,
      -- A filter with a null in it is not `not null`, and is_wanted of what an object lacks is null.
      case when l.kind <> 'put' or v.superseded or not filter is null and is_wanted(filter,
        v.type, v.labels, v.confidence, v.created_by_ref, v.content) is not true
        or is_unversioned(v.type) and (select max(o.tlp) from version o where o.realm_id = v.realm_id
          and o.stix_id = v.stix_id and not o.superseded) > v.tlp then l.seq end;
end
$$;

-- The places of the very rows that read_log returns, for many readers of the same parts of the log, and
-- their contents as far as bytes_max goes. Row security is asked about one row of each class, not about every row
-- that a bundle brought for every reader. A viewer is looked up once, whatever the number of its parts. Viewers who see the
-- same share one result row for each level and sharer, with the places in one text, because a result is decoded
-- value by value, which costs more than finding the places does. Of each text, only the first row_max
-- places are those that read_log returns.
-- Its own statements look up a few rows by their keys. Planned while the tables were small, some would go through all of
-- them once they have grown, so no other way is left to the planner.
-- A content is read once, under row security as the first of the viewers that it is for, unless it is known already.
create function read_places(viewers json, parts json, bytes_max integer)
returns table (part integer, readers text, tlp smallint, sharer text, places text,
               seq bigint, kind text, stix_id text, micros bigint, content text, references_at integer)
language plpgsql stable set search_path from current
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
#variable_conflict use_column
declare
  viewer record;
  wanted record;
  classes log_class[];
  samples bigint[];
  seen text[];
  mine text[];
  unread bigint[];
  taken bigint[];
  fresh bigint[];
  given bigint[] := '{}';
  room bigint := bytes_max;
  number integer;
  one record;
begin
  select array_agg(v.organisation order by v.n) as organisation, array_agg(v.realm order by v.n) as realm,
    array_agg(v.ceiling order by v.n) as ceiling, array_agg(v.cleared order by v.n) as cleared,
    array_agg(own.ceiling order by v.n) as own_ceiling,
    array_agg(own.audiences::text order by v.n) as audiences,
    array_agg(own.told order by v.n) as told, array_agg(own.told_with order by v.n) as told_with
  into viewer
  from rows from (json_to_recordset(viewers) as (organisation integer, realm smallint, ceiling smallint,
      cleared boolean)) with ordinality as v (organisation, realm, ceiling, cleared, n),
    lateral reader_of(v.organisation, v.realm, v.cleared) as own;
  for wanted in
    select * from json_to_recordset(parts) as (number integer, after bigint, up_to bigint,
      current_to bigint, row_max integer, filter log_filter, known bigint[], viewers integer[])
  loop
    classes := array(select class from
      log_classes(wanted.after, wanted.up_to, wanted.current_to, wanted.filter) as class);
    samples := array(select class.sample from unnest(classes) as class);
    seen := '{}';
    taken := '{}';
    foreach number in array wanted.viewers loop
      perform enter_settings(viewer.organisation[number], viewer.realm[number], viewer.ceiling[number],
        viewer.own_ceiling[number], viewer.audiences[number], viewer.cleared[number],
        viewer.told[number], viewer.told_with[number]);
      mine := array(
        select concat_ws(':', s.seq, s.tlp, s.sharer) from log_served s where s.seq = any(samples)
          and case s.kind
            when 'put' then wanted.filter is null
              or is_wanted(wanted.filter, s.type, s.labels, s.confidence, s.creator, s.content)
              or ends_match(wanted.filter, s.version_id, s.revoked, s.seq > wanted.current_to)
            else is_withdrawn(wanted.filter, s.realm_id, s.stix_id) end
        order by s.seq);
      seen := seen || mine::text;
      if room > 0 and mine <> '{}' then
        unread := array(
          select split_part(sample, ':', 1)::bigint from unnest(mine) as sample except select unnest(taken));
        if unread <> '{}' then
          taken := taken || unread;
          fresh := array(
            select place from unnest(classes) as class, unnest(class.places) as place
            where class.sample = any(unread)
              and not exists (select from unnest(wanted.known || given) as k where k = place)
            order by place limit wanted.row_max);
          for one in
            select s.*, (date_part('epoch', s.date_added) * 1000000)::bigint as added
            from log_served s where s.seq = any(fresh) order by s.seq
          loop
            exit when room <= 0;
            room := room - coalesce(octet_length(one.content), 0);
            seq := one.seq;
            kind := one.kind;
            stix_id := one.stix_id;
            micros := one.added;
            content := one.content;
            references_at := one.references_at;
            given := given || seq;
            return next;
          end loop;
          seq := null;
        end if;
      end if;
    end loop;
    return query
      select wanted.number, told.readers, alike.tlp, alike.sharer, array_to_string(array(
        select place from unnest(classes) as class, unnest(class.places) as place
        where class.sample = any(alike.samples) order by place limit wanted.row_max), ' '),
        null::bigint, null::text, null::text, null::bigint, null::text, null::integer
      from (
        select string_agg(t.reader::text, ' ') as readers, t.samples::text[] as samples
        from unnest(wanted.viewers, seen) as t (reader, samples) group by t.samples
      ) as told, lateral (
        select nullif(split_part(sample, ':', 2), '')::smallint as tlp,
          nullif(split_part(sample, ':', 3), '') as sharer,
          array_agg(split_part(sample, ':', 1)::bigint) as samples
        from unnest(told.samples) as sample group by 1, 2
      ) as alike;
  end loop;
  perform leave_readers();
end
$$;

grant execute on function log_classes, read_places to tocsin_app;
