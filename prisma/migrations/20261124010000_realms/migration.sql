-- Realms of their own for exercises, objects purged, and approvals that come from two people.

-- Whose word a key is --------------------------------------------------------------------------------

-- The key that made this one, or rotated another into it: whoever held that one was given the text
-- of this one. Null where the operator made it.
alter table api_key add column made_by text references api_key;

-- The keys that the operator made from which a key descends: by being made, by being rotated, or by
-- both. Two keys that have one in common may be in one hand.
create function lines_of_key(key text) returns setof text
language sql stable set search_path from current as $$
  with recursive line as (
    select id, first_id, made_by from api_key where id = key
    union
    select k.id, k.first_id, k.made_by from line join api_key k on k.id in (line.first_id, line.made_by)
  )
  select id from line where first_id is null and made_by is null
$$;
revoke execute on function lines_of_key from public;
grant execute on function lines_of_key to tocsin_server;
