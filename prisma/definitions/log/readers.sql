-- Entering a reader of the log as the viewer.

-- Who an organisation is as a reader, for tocsin_app, which has no right on memberships. What it has
-- lost is addressed to `told`, which is the organisation alone, or to unions with `told_with`: the same
-- where it sees nothing now, and for who has clearance but whose organisation may not see RED any more;
-- else null.
create function reader_of(organisation integer, realm smallint, cleared boolean, out ceiling smallint,
                          out audiences integer[], out told integer, out told_with integer)
language plpgsql stable security definer set search_path from current as $$
begin
  select viewer.ceiling, viewer.audiences, viewer.self into ceiling, audiences, told
  from viewer_of(organisation, realm) as viewer;
  if ceiling is null or (cleared and ceiling < tlp_red()) then
    told_with := told;
  end if;
end
$$;

-- Enters a viewer by what reader_of said of it. A key or a door may see less than its organisation, never more.
create function enter_settings(organisation integer, realm smallint, ceiling smallint, own_ceiling smallint,
                               audiences text, cleared boolean, told integer, told_with integer)
returns void language plpgsql stable set search_path from current as $$
begin
  perform set_config('tocsin.organisation', organisation::text, true),
    set_config('tocsin.realm', realm::text, true),
    set_config('tocsin.audiences', audiences, true),
    set_config('tocsin.ceiling', least(coalesce(own_ceiling, -1), ceiling)::text, true),
    set_config('tocsin.cleared', cleared::text, true),
    set_config('tocsin.told', told::text, true),
    set_config('tocsin.told_with', coalesce(told_with::text, ''), true);
end
$$;

-- The reader as a viewer.
create function enter_reader(organisation integer, realm smallint, ceiling smallint, cleared boolean)
returns void language plpgsql stable set search_path from current as $$
begin
  perform enter_settings(organisation, realm, enter_reader.ceiling, present.ceiling,
    present.audiences::text, cleared, present.told, present.told_with)
  from reader_of(organisation, realm, cleared) as present;
end
$$;

create function leave_readers() returns void language sql as $$
  select set_config('tocsin.organisation', '', true), set_config('tocsin.realm', '', true),
    set_config('tocsin.audiences', '', true), set_config('tocsin.ceiling', '', true),
    set_config('tocsin.cleared', '', true), set_config('tocsin.told', '', true),
    set_config('tocsin.told_with', '', true)
$$;

grant execute on function reader_of, enter_settings, enter_reader, leave_readers to tocsin_app;
