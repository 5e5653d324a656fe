-- The advisory locks. Every function and every statement takes them through take_lock, which refuses
-- to take them out of order: so no two transactions can wait for each other's advisory locks.
-- docs/decisions/0012 lists who takes which; src/store/postgres/locks.ts has the same ranks, and a test
-- compares the two.

-- A lock of a lower rank is taken before one of a higher rank.
create function lock_rank(lock text) returns integer
language sql immutable set search_path from current as $$
  select case lock
    when 'founding' then 20
    when 'members' then 30
    when 'writers' then 40
    when 'object' then 50
    when 'sequencer' then 60
    when 'standing' then 70
    when 'audit' then 80
  end
$$;

-- Takes a lock until the transaction ends. Taking again what is already held, as strongly, does nothing.
-- `part` (0 to 99) tells apart the locks of one rank; they are taken in ascending order.
-- What the transaction holds is in a setting that ends with it, and that goes back with a savepoint, as
-- the locks do.
create function take_lock(lock text, shared boolean default false, part integer default 0)
returns void
language plpgsql set search_path from current as $$
declare
  -- In pg_locks: classid, and objid = rank * 100 + part.
  namespace constant integer := 7405626;
  number constant integer := lock_rank(lock) * 100 + part;
  held constant text[] := coalesce(string_to_array(current_setting('tocsin.locks', true), ','), '{}');
begin
  if number is null or part not between 0 and 99 then
    raise exception 'Unknown lock: % (%)', lock, part using errcode = 'invalid_parameter_value';
  end if;
  if number || 'x' = any(held) or (shared and number || 's' = any(held)) then
    return;
  end if;
  if rtrim(held[cardinality(held)], 'sx')::integer >= number then
    raise exception 'Lock % (%) is taken out of order: the transaction holds %', lock, number, held
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  if shared then
    perform pg_advisory_xact_lock_shared(namespace, number);
  else
    perform pg_advisory_xact_lock(namespace, number);
  end if;
  perform set_config('tocsin.locks',
    array_to_string(held || (number || case when shared then 's' else 'x' end), ','), true);
end
$$;

-- Whether the transaction holds a lock exclusively.
create function holds_lock(lock text) returns boolean
language sql stable set search_path from current as $$
  select lock_rank(lock) * 100 || 'x'
    = any(string_to_array(current_setting('tocsin.locks', true), ','))
$$;

grant execute on function lock_rank, take_lock, holds_lock to tocsin_app, tocsin_server;
