-- Unions of audiences, each interned once, and deleted when nothing refers to it any more.

-- A union that is there, which nobody takes away until the transaction ends; null where it is not, and
-- where an organisation is to be charged that has not shared with it yet.
create function hold_union(realm smallint, hash bytea, sharer integer) returns integer
language plpgsql volatile security definer set search_path from current as $$
begin
  if sharer is null then
    return (select a.id from audience a where a.realm_id = realm and a.parts_hash = hash for key share);
  end if;
  return (
    select u.audience_id from audience a join union_use u on u.audience_id = a.id
    where a.realm_id = realm and a.parts_hash = hash and u.organisation_id = sharer
    for key share);
end
$$;

-- The same, made where it is not there; another transaction that is making it is waited for. Each
-- organisation that shares with it is charged: what one has used must not tell what others did.
create function intern_union(realm smallint, parts integer[], hash bytea, sharer integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
  found_id integer;
begin
  loop
    found_id := hold_union(realm, hash, null);
    exit when found_id is not null;
    insert into audience (id, realm_id, kind, parts_hash)
      values (-nextval('union_id_seq'), realm, 'union', hash)
      on conflict (realm_id, parts_hash) do nothing returning id into found_id;
    if found_id is not null then
      insert into audience_part (audience_id, part_id) select found_id, part from unnest(parts) as part;
      exit;
    end if;
  end loop;
  if sharer is not null then
    insert into union_use (audience_id, organisation_id) values (found_id, sharer) on conflict do nothing;
  end if;
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

-- Forgets which organisations shared with a union once nothing of theirs refers to it, at most so many
-- and only what is older than `age`. Whoever shares with it again holds the row (hold_union).
create function sweep_union_uses(age interval, use_max integer) returns void
language plpgsql security definer set search_path from current as $$
declare
  unused union_use[];
begin
  unused := array(
    select u from union_use u
    where u.created_at < now() - age and not is_addressed(u.audience_id, u.organisation_id)
    order by u.audience_id, u.organisation_id limit use_max for update skip locked);
  -- A new snapshot: what was committed before the rows were locked is seen now.
  delete from union_use u using unnest(unused) as w
    where u.audience_id = w.audience_id and u.organisation_id = w.organisation_id
      and not is_addressed(u.audience_id, u.organisation_id);
end
$$;

-- Whether something that an organisation shared, or anybody where null, is addressed to a union.
create function is_addressed(union_id integer, sharer integer) returns boolean
language sql volatile security definer set search_path from current as $$
  select exists (select from version v where v.audience_id = union_id and v.audience_id < 0
      and (sharer is null or v.organisation_id = sharer))
    or exists (select from log l where l.audience_id = union_id and l.audience_id < 0
      and (sharer is null or l.organisation_id = sharer))
    or exists (select from inbox i where i.audience_id = union_id
      and (sharer is null or i.organisation_id = sharer))
$$;

-- Takes away unions that nothing refers to any more, such as those of an exercise that was wiped: at most
-- so many, none that is younger than `age` and none that a transaction is about to use.
create function sweep_unions(age interval, union_max integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
  unused integer[];
begin
  perform sweep_union_uses(age, union_max);
  -- Whoever uses one holds its row (hold_union) until its reference can be seen.
  unused := array(
    select a.id from audience a
    where a.kind = 'union' and a.created_at < now() - age
      and not exists (select from union_use u where u.audience_id = a.id)
      and not is_addressed(a.id, null)
    order by a.id limit union_max for update skip locked);
  -- A new snapshot: what was committed before the rows were locked is seen now.
  unused := array(
    select id from unnest(unused) as id
    where not exists (select from union_use u where u.audience_id = id) and not is_addressed(id, null));
  delete from audience_part p where p.audience_id = any(unused);
  delete from audience a where a.id = any(unused);
  return cardinality(unused);
end
$$;

grant execute on function hold_union, intern_union, parts_of to tocsin_app;
grant execute on function sweep_unions to tocsin_server;
