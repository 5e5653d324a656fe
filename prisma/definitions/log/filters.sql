-- What a filter lets through.

-- Whether the content of an object satisfies groups of terms. A function of its own, so that is_wanted has no
-- sub-select and is put in line.
create function has_terms(terms jsonb, type text, creator text, content text) returns boolean
language sql immutable as $$
  select not exists (
    select from jsonb_array_elements(terms) as wanted
    where not exists (select from object_terms(type, creator, content::jsonb) as term where wanted ? term))
$$;

create function is_wanted(filter log_filter, type text, labels text[], confidence smallint,
                          creator text, content text) returns boolean
language sql immutable as $$
  select (filter.types is null or type = any(filter.types))
    and (filter.labels is null or labels && filter.labels)
    and (filter.confidence_min is null or confidence >= filter.confidence_min)
    and (filter.creators is null or creator = any(filter.creators))
    and (filter.confidence_max is null or confidence <= filter.confidence_max)
    and (filter.terms is null or has_terms(filter.terms, type, creator, content))
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
    select p.type, p.labels, p.confidence, p.created_by_ref, p.content into seen from version p where p.id = older;
    if found then
      return is_wanted(filter, seen.type, seen.labels, seen.confidence, seen.created_by_ref, seen.content);
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
      select p.type, p.labels, p.confidence, p.created_by_ref, p.content, row_number() over () as step from (
        select * from version p
        where p.realm_id = v.realm_id and p.stix_id = v.stix_id
          and p.organisation_id = v.organisation_id and p.modified < v.modified
        order by p.modified desc limit older_versions_max()) as p) as p
    where v.id = may_end_match.version and (p.step = older_versions_max()
      or is_wanted(may_end_match.filter, p.type, p.labels, p.confidence, p.created_by_ref, p.content)))
$$;

grant execute on function has_terms, is_wanted, older_versions_max, previous_version, next_address, sees_another, ends_match
  to tocsin_app;
