-- What one organisation may have of something at most, and the unions, which are made for it.

-- The organisation that first shared with a union, against whose quota it counts. Null where the server
-- made it, to withdraw something from some organisations.
alter table audience add column made_by integer references organisation;
create index audience_made_by on audience (made_by) where made_by is not null;
-- Which unions are in use.
create index log_union on log (audience_id) where audience_id < 0;

-- Bytes of objects and observables that an organisation stored on a day (UTC).
create table organisation_usage (
  organisation_id integer not null references organisation,
  day date not null,
  bytes bigint not null,
  primary key (organisation_id, day)
) with (fillfactor = 50);
grant select on organisation_usage to tocsin_server;

-- Whoever adds something that has a quota locks its organisation's row for that quota.
create table quota_lock (
  organisation_id integer not null references organisation,
  quota text not null,
  primary key (organisation_id, quota)
);

-- Locks an organisation's quota until the transaction ends, and then counts what it has of it: of two
-- requests that would both add the last one, the second counts what the first added. Runs as the owner,
-- since neither role sees all that is counted. The row is locked for nothing else: a lock on the
-- organisation could be waited for by who holds up an act on it.
create function count_locked(organisation integer, quota text) returns bigint
language plpgsql security definer set search_path from current as $$
begin
  insert into quota_lock (organisation_id, quota) values (organisation, count_locked.quota)
    on conflict do nothing;
  perform from quota_lock l
    where l.organisation_id = organisation and l.quota = count_locked.quota for update;
  -- A statement of its own, whose snapshot is taken when the lock is held.
  case count_locked.quota
    when 'subscriptions' then
      return (select count(*) from subscription s where s.organisation_id = organisation);
    when 'audiences' then
      return (select count(*) from audience a where a.made_by = organisation);
  end case;
end
$$;

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

-- Adds what an organisation stored today, unless that would be more than `bytes_max`; whether it did.
create function charge_bytes(organisation integer, today date, added bigint, bytes_max bigint)
returns bigint
language plpgsql security definer set search_path from current as $$
begin
  if added <= bytes_max then
    insert into organisation_usage as u (organisation_id, day, bytes) values (organisation, today, added)
      on conflict (organisation_id, day) do update set bytes = u.bytes + excluded.bytes
      where u.bytes + excluded.bytes <= bytes_max;
    if found then
      return null;
    end if;
  end if;
  return coalesce(
    (select u.bytes from organisation_usage u where u.organisation_id = organisation and u.day = today), 0);
end
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

revoke execute on function count_locked, hold_union, intern_union, parts_of, charge_bytes, sweep_unions from public;
grant execute on function count_locked to tocsin_app, tocsin_server;
grant execute on function hold_union, intern_union, parts_of to tocsin_app;
grant execute on function sweep_unions to tocsin_server;
grant delete on organisation_usage to tocsin_server;
