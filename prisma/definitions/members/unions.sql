-- Unions of audiences, each interned once, and deleted when nothing refers to it any more.

-- A union that is there, which nobody takes away until the transaction ends; null where it is not.
create function hold_union(realm smallint, hash bytea) returns integer
language sql volatile security definer set search_path from current as $$
  select a.id from audience a where a.realm_id = realm and a.parts_hash = hash for key share
$$;

-- The same, made where it is not there; another transaction that is making it is waited for.
create function intern_union(realm smallint, parts integer[], hash bytea, maker integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
  found_id integer;
begin
  loop
    found_id := hold_union(realm, hash);
    exit when found_id is not null;
    insert into audience (id, realm_id, kind, parts_hash, made_by)
      values (-nextval('union_id_seq'), realm, 'union', hash, maker)
      on conflict (realm_id, parts_hash) do nothing returning id into found_id;
    if found_id is not null then
      insert into audience_part (audience_id, part_id) select found_id, part from unnest(parts) as part;
      exit;
    end if;
  end loop;
  return found_id;
end
$$;

-- What an audience is made of; of a union, its parts. For who has just made it: nobody else sees it yet.
create function parts_of(audience integer) returns integer[]
language sql stable security definer set search_path from current as $$
  select case when audience < 0
    then array(select p.part_id from audience_part p where p.audience_id = audience)
    else array[audience] end
$$;

-- What an audience is called in the API. Its number counts what all organisations do, so it stays inside.
create function audience_slugs(audience integer) returns jsonb
language sql stable security definer set search_path from current as $$
  select coalesce(jsonb_agg(coalesce(a.slug, o.slug) order by coalesce(a.slug, o.slug) collate "C"), '[]')
  from audience a left join organisation o on o.id = a.organisation_id
  where a.id = any(parts_of(audience))
$$;
grant execute on function audience_slugs to tocsin_app;

-- Whether what is addressed to an audience reaches who is in one of `base`: it is one of these, or a
-- union of which one is a part.
create function is_reached(audience integer, base integer[]) returns boolean
language sql stable set search_path from current as $$
  select audience = any(base) or audience < 0 and exists (
    select from audience_part p where p.audience_id = audience and p.part_id = any(base))
$$;

-- Takes away unions that nothing refers to any more, such as those of an exercise that was wiped: at most
-- so many, none that is younger than `age` and none that a transaction is about to use.
create function sweep_unions(age interval, union_max integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
  unused integer[];
begin
  -- Whoever uses one holds its row (hold_union) until its reference can be seen.
  unused := array(
    select a.id from audience a
    where a.kind = 'union' and a.created_at < now() - age
      and not exists (select from version v where v.audience_id = a.id and v.audience_id < 0)
      and not exists (select from log l where l.audience_id = a.id and l.audience_id < 0)
      and not exists (select from inbox i where i.audience_id = a.id)
    order by a.id limit union_max for update skip locked);
  -- A new snapshot: what was committed before the rows were locked is seen now.
  unused := array(
    select id from unnest(unused) as id
    where not exists (select from version v where v.audience_id = id and v.audience_id < 0)
      and not exists (select from log l where l.audience_id = id and l.audience_id < 0)
      and not exists (select from inbox i where i.audience_id = id));
  delete from audience_part p where p.audience_id = any(unused);
  delete from audience a where a.id = any(unused);
  return cardinality(unused);
end
$$;

grant execute on function hold_union, intern_union, parts_of to tocsin_app;
grant execute on function sweep_unions to tocsin_server;
