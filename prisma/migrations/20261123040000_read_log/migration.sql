-- Reads the log as several viewers, one after another, in one statement and so in one snapshot.
-- Each viewer is taken in that very snapshot: an audience that came to be between the two would
-- hide rows that the cursor then moves past, and they would never come again. The function runs
-- with its caller's rights, so row security says what each reader gets, exactly as in a
-- transaction that enters one viewer; a worker with many subscriptions is spared four round trips
-- for each.

-- Who an organisation is as a reader, for tocsin_app, which has no right on memberships. What it has
-- lost is addressed to `told`, which is the organisation alone, or to unions with `told_with`: the same
-- where it sees nothing now, and for who has clearance but whose organisation may not see RED any more;
-- else null.
create function reader_of(organisation integer, realm smallint, cleared boolean, out ceiling smallint,
                          out audiences integer[], out told integer, out told_with integer)
language plpgsql stable security definer set search_path from current as $$
begin
  select viewer.ceiling, viewer.audiences, viewer.self into ceiling, audiences, told
  from viewer_of(organisation, realm) as viewer;
  if ceiling is null or (cleared and ceiling < 4) then
    told_with := told;
  end if;
end
$$;

-- What a reader wants of the objects that are put; null means any.
create type log_filter as (
  types text[], labels text[], confidence_min smallint, creators text[]);

create function is_wanted(filter log_filter, type text, labels text[], confidence smallint,
                          creator text) returns boolean
language sql immutable as $$
  select (filter.types is null or type = any(filter.types))
    and (filter.labels is null or labels && filter.labels)
    and (filter.confidence_min is null or confidence >= filter.confidence_min)
    and (filter.creators is null or creator = any(filter.creators))
$$;

-- How many versions, and then how many addresses, are looked at in search of an older version.
create function older_versions_max() returns integer language sql immutable as 'select 32';

-- The sharer's version before this one, whoever sees it. It is asked for once for each step back, so its
-- plan must hold when the table has grown.
create function previous_version(version bigint) returns bigint
language sql stable security definer set search_path from current as $$
  select p.id from version v, lateral (
    select id from version p
    where p.realm_id = v.realm_id and p.stix_id = v.stix_id
      and p.organisation_id = v.organisation_id and p.modified < v.modified
    order by p.modified desc limit 1) as p
  where v.id = previous_version.version
$$;

-- A superseded version of the same object and sharer at the next address, whoever sees it.
create function next_address(version bigint, inout audience integer, inout tlp smallint, out sample bigint)
language sql stable security definer set search_path from current as $$
  select o.audience_id, o.tlp, o.id from version v, lateral (
    select o.audience_id, o.tlp, o.id from version o
    where o.realm_id = v.realm_id and o.stix_id = v.stix_id
      and o.organisation_id = v.organisation_id and o.superseded and o.id <> v.id
      and (o.audience_id, o.tlp) > (next_address.audience, next_address.tlp)
    order by o.audience_id, o.tlp limit 1) as o
  where v.id = next_address.version
$$;

-- Whether the reader sees another version of the same object and sharer. All versions of one address are
-- seen by the same readers, so the work grows with the addresses. Where there are too many: true.
create function sees_another(version bigint) returns boolean
language plpgsql stable set search_path from current as $$
declare
  address record;
  audience integer := -2147483648;
  tlp smallint := -1;
begin
  -- At most as many current versions as an object has variants.
  if exists (
    select from version v join version c on c.realm_id = v.realm_id and c.stix_id = v.stix_id
      and c.organisation_id = v.organisation_id and not c.superseded and c.modified < v.modified
    where v.id = sees_another.version) then
    return true;
  end if;
  for step in 1 .. older_versions_max() loop
    select * into address from next_address(version, audience, tlp);
    if address.sample is null then
      return false;
    end if;
    if exists (select from version v where v.id = address.sample) then
      return true;
    end if;
    audience := address.audience;
    tlp := address.tlp;
  end loop;
  return true;
end
$$;

-- Whether the filter lets a version through that it does not want by itself. Revocations always pass, as
-- withdrawals do, and so does the version by which an object ceases to match: the one before it that the
-- reader sees matched. Versions that the reader does not see lie between where its sharer gave them to
-- others. Behind too many of those, a version passes if the reader sees any other one: an end too many
-- does no harm, and a missing one leaves the object with the receiver for ever. Nothing of this depends on
-- the content of a version that the reader does not see.
-- While only current versions are read (not is_late), the reader has been sent nothing that could end.
create function ends_match(filter log_filter, version bigint, revoked boolean, is_late boolean)
returns boolean
language plpgsql stable set search_path from current as $$
declare
  older bigint := version;
  seen record;
begin
  if revoked or not is_late then
    return revoked;
  end if;
  for step in 1 .. older_versions_max() loop
    older := previous_version(older);
    if older is null then
      return false;
    end if;
    select p.type, p.labels, p.confidence, p.created_by_ref into seen from version p where p.id = older;
    if found then
      return is_wanted(filter, seen.type, seen.labels, seen.confidence, seen.created_by_ref);
    end if;
  end loop;
  return sees_another(version);
end
$$;

-- Whether ends_match is true for some reader or other, asked once for all of them by who sees every row.
create function may_end_match(filter log_filter, version bigint, revoked boolean, is_late boolean)
returns boolean
language sql stable set search_path from current as $$
  select revoked or is_late and exists (
    select from version v, lateral (
      select p.type, p.labels, p.confidence, p.created_by_ref, row_number() over () as step from (
        select * from version p
        where p.realm_id = v.realm_id and p.stix_id = v.stix_id
          and p.organisation_id = v.organisation_id and p.modified < v.modified
        order by p.modified desc limit older_versions_max()) as p) as p
    where v.id = may_end_match.version and (p.step = older_versions_max()
      or is_wanted(may_end_match.filter, p.type, p.labels, p.confidence, p.created_by_ref)))
$$;

-- Whether a withdrawal still holds: the reader sees no current version that its filter wants. One that the
-- filter does not want is not sent, so it cannot take the place of what was withdrawn.
create function is_withdrawn(filter log_filter, realm smallint, object text) returns boolean
language sql stable set search_path from current as $$
  select not exists (
    select from version w
    where w.realm_id = is_withdrawn.realm and w.stix_id = is_withdrawn.object and not w.superseded
      and (is_withdrawn.filter is null or is_wanted(
        is_withdrawn.filter, w.type, w.labels, w.confidence, w.created_by_ref)))
$$;

-- Of the audiences that the viewer who has been entered is in, those in which it may know the others: not a
-- group with hidden members, unless it owns that. sharing/reach.ts has the same rule.
create function telling_audiences() returns integer[]
language sql stable security definer set search_path from current as $$
  select coalesce(array_agg(a.id), '{}') from audience a
  where a.id = any(nullif(current_setting('tocsin.audiences', true), '')::integer[])
    and (not a.hidden_members or exists (
      select from audience_owner w where w.audience_id = a.id
        and w.organisation_id = nullif(current_setting('tocsin.organisation', true), '')::integer))
$$;

-- The organisations that the viewer may know by name: those that take part, and its own. None without a
-- viewer.
create view known_organisation as
  select id, slug from organisation
  where nullif(current_setting('tocsin.organisation', true), '') is not null
    and (status = 'active' or id = nullif(current_setting('tocsin.organisation', true), '')::integer);

-- Whether objects of a type have no versions: observables and marking definitions. stix/object.ts has the same list.
create function is_unversioned(type text) returns boolean
language sql immutable as $$
  select type = any('{artifact,autonomous-system,directory,domain-name,email-addr,email-message,file,ipv4-addr,ipv6-addr,mac-addr,marking-definition,mutex,network-traffic,process,software,url,user-account,windows-registry-key,x509-certificate}'::text[])
$$;

-- The versions that the viewer sees, with the slug of who shared each; null where the viewer may not know:
-- it gets the version through no audience whose members it may know.
create view version_told with (security_invoker = true) as
  select v.*, (
    select o.slug from known_organisation o where o.id = v.organisation_id and (
      o.id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
      or v.audience_id = any((select telling_audiences())::integer[])
      or v.audience_id < 0 and exists (
        select from audience_part p where p.audience_id = v.audience_id
          and p.part_id = any((select telling_audiences())::integer[])))) as sharer,
    -- An object without versions has one level for a viewer: the strictest at which it sees any share of it.
    -- Leans on version_current.
    case when is_unversioned(v.type) then greatest(v.tlp, (
      select max(o.tlp) from version o where o.realm_id = v.realm_id and o.stix_id = v.stix_id
        and not o.superseded and o.tlp > v.tlp)) else v.tlp end as level
  from version v;

-- What of the log the viewer who has been entered may be served: row security holds for both tables. A
-- withdrawal is served only where is_withdrawn.
create view log_served with (security_invoker = true) as
  select l.seq, l.kind, coalesce(v.stix_id, l.stix_id) as stix_id, l.date_added, v.content,
    v.type, v.labels, v.confidence, v.created_by_ref as creator,
    v.level as tlp, v.references_at, v.sharer, l.version_id, v.superseded, v.revoked, l.realm_id
  from log l left join version_told v on v.id = l.version_id
  where l.kind <> 'put' or v.id is not null
    -- Whoever joins what an older version went to has not seen it replaced.
    and (not v.superseded or exists (
      select from version c where c.realm_id = v.realm_id and c.stix_id = v.stix_id
        and c.organisation_id = v.organisation_id and not c.superseded));

-- Places of the log whose rows are served to the same viewers.
create type log_class as (sample bigint, places bigint[]);

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

-- The reader as a viewer. A key or a door may see less than its organisation, never more.
create function enter_reader(organisation integer, realm smallint, ceiling smallint, cleared boolean)
returns void language plpgsql stable set search_path from current as $$
begin
  perform set_config('tocsin.organisation', organisation::text, true),
    set_config('tocsin.realm', realm::text, true),
    set_config('tocsin.audiences', present.audiences::text, true),
    set_config('tocsin.ceiling', least(coalesce(present.ceiling, -1), enter_reader.ceiling)::text, true),
    set_config('tocsin.cleared', cleared::text, true),
    set_config('tocsin.told', present.told::text, true),
    set_config('tocsin.told_with', coalesce(present.told_with::text, ''), true)
  from reader_of(organisation, realm, cleared) as present;
end
$$;

create function leave_readers() returns void language sql as $$
  select set_config('tocsin.organisation', '', true), set_config('tocsin.realm', '', true),
    set_config('tocsin.audiences', '', true), set_config('tocsin.ceiling', '', true),
    set_config('tocsin.cleared', '', true), set_config('tocsin.told', '', true),
    set_config('tocsin.told_with', '', true)
$$;

-- For each reader, at most row_max of the rows of (after, up_to] that its filter lets through, in order;
-- none after those by which their contents come to bytes_max.
-- Stable, so that its statements share the snapshot of the one that calls it.
create function read_log(readers json) returns table (
  reader integer, seq bigint, kind text, stix_id text, micros bigint, content text,
  tlp smallint, references_at integer, sharer text)
language plpgsql stable set search_path from current as $$
#variable_conflict use_column
declare
  r record;
begin
  for r in
    select * from json_to_recordset(readers) as (number integer, organisation integer,
      realm smallint, ceiling smallint, cleared boolean, after bigint, up_to bigint,
      current_to bigint, row_max integer, bytes_max integer, filter log_filter)
  loop
    perform enter_reader(r.organisation, r.realm, r.ceiling, r.cleared);
    return query
      select r.number, page.seq, page.kind, page.stix_id,
        (date_part('epoch', page.date_added) * 1000000)::bigint, page.content, page.tlp,
        page.references_at, page.sharer
      from (
        select s.*, coalesce(octet_length(s.content), 0) as bytes,
          sum(octet_length(s.content)) over (order by s.seq rows unbounded preceding) as bytes_so_far
        from log_served s
        where s.seq > r.after and s.seq <= r.up_to and case s.kind
          when 'put' then (s.seq > r.current_to or not s.superseded) and (r.filter is null
            or is_wanted(r.filter, s.type, s.labels, s.confidence, s.creator)
            or ends_match(r.filter, s.version_id, s.revoked, s.seq > r.current_to))
          else is_withdrawn(r.filter, s.realm_id, s.stix_id) end
        order by s.seq limit r.row_max
      ) as page
      where coalesce(page.bytes_so_far, 0) - page.bytes < r.bytes_max
      order by page.seq;
  end loop;
  perform leave_readers();
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

revoke execute on function reader_of, is_unversioned, is_wanted, older_versions_max, previous_version,
  next_address, sees_another, ends_match, may_end_match, is_withdrawn, telling_audiences, log_classes,
  enter_reader, leave_readers, read_log, read_places from public;
grant execute on function reader_of, is_unversioned, is_wanted, older_versions_max, previous_version,
  next_address, sees_another, ends_match, is_withdrawn, telling_audiences, log_classes, enter_reader,
  leave_readers, read_log, read_places to tocsin_app;
grant select on known_organisation, version_told, log_served to tocsin_app;
