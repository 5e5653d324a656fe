-- What one organisation may have of something at most.

-- The keys of an organisation that count: those that are valid, and all that were created in the last day, so
-- that nobody fills lists by creating keys and revoking them again.
create function keys_counted(organisation integer) returns bigint
language sql stable set search_path from current as $$
  select count(*) from api_key k where k.organisation_id = organisation
    and (k.created_at > now() - interval '1 day'
      or (k.revoked_at is null and (k.expires_at is null or k.expires_at > now())))
$$;

-- The users of an organisation that count: those that are not disabled, and all that were invited in the last day.
create function users_counted(organisation integer) returns bigint
language sql stable set search_path from current as $$
  select count(*) from user_account u where u.organisation_id = organisation
    and (u.created_at > now() - interval '1 day' or u.status <> 'disabled')
$$;

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
      return (select count(*) from union_use u where u.organisation_id = organisation);
    when 'keys' then
      return keys_counted(organisation);
    when 'users' then
      return users_counted(organisation);
  end case;
end
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

grant execute on function count_locked to tocsin_app, tocsin_server;
grant execute on function keys_counted, users_counted to tocsin_server;
