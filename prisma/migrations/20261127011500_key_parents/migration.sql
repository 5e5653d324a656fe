-- A key ends with the key or the user that made it.

alter table api_key
  -- The key with which this one ends, and whose bounds it has: the one that asked for it. Null where
  -- the operator or a user made it.
  add column parent_id text references api_key,
  -- The user who made it: when that user is disabled, it is revoked.
  add column made_by_user uuid references user_account;
create index on api_key (parent_id);
create index on api_key (made_by_user);

-- Whatever ends a key ends all that descend from it. One statement for the whole tree: a trigger that
-- called itself for each generation would run out of stack on a long line, and nobody could revoke it.
create function end_descendants() returns trigger
language plpgsql set search_path from current as $$
begin
  with recursive below as (
    select k.id from api_key k where k.parent_id = new.id
    union
    select k.id from below join api_key k on k.parent_id = below.id
  )
  update api_key k
  set revoked_at = coalesce(k.revoked_at, new.revoked_at),
    expires_at = least(k.expires_at, new.expires_at)
  from below where k.id = below.id;
  return null;
end
$$;
create trigger end_descendants after update of revoked_at, expires_at on api_key
  for each row
  when (pg_trigger_depth() = 0
    and (old.revoked_at, old.expires_at) is distinct from (new.revoked_at, new.expires_at))
  execute function end_descendants();
