-- A key ends with its parent. A key that is revoked is not trusted any more, nor is anything that was
-- made with it: a successor that it rotated itself into, and keys that it made and a rotation gave to
-- another parent, are revoked too. One statement for the whole tree: a trigger that called itself for
-- each generation would run out of stack on a long line, and nobody could revoke it.
create function end_descendants() returns trigger
language plpgsql set search_path from current as $$
begin
  with recursive below as (
    select k.id from api_key k
    where k.parent_id = new.id or (new.revoked_at is not null and k.made_by = new.id)
    union
    select k.id from below join api_key k
      on k.parent_id = below.id or (new.revoked_at is not null and k.made_by = below.id)
  )
  update api_key k
  set revoked_at = coalesce(k.revoked_at, new.revoked_at),
    expires_at = case when new.revoked_at is null then least(k.expires_at, new.expires_at)
      else k.expires_at end
  from below where k.id = below.id;
  return null;
end
$$;

-- Also where a key was revoked before: an administrator who revokes it again ends what was left.
create trigger end_descendants after update of revoked_at, expires_at on api_key
  for each row
  when (pg_trigger_depth() = 0
    and (new.revoked_at is not null or old.expires_at is distinct from new.expires_at))
  execute function end_descendants();
