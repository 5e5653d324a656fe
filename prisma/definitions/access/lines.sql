-- A key or user with all from which it descends. Two that have one in common may be in one hand.
create function lines_of(of text) returns setof text
language sql stable set search_path from current as $$
  with recursive line as (
    select of as actor
    union
    select above.maker
    from line join (
      select actor, maker from handed_to
      union all
      select 'key ' || k.id, 'key ' || above.id
      from api_key k join api_key above on above.id in (k.first_id, k.made_by)
    ) as above on above.actor = line.actor
  )
  select line.actor from line
$$;

grant execute on function lines_of to tocsin_server;
