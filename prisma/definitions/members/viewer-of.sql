-- What one organisation may see. These two are asked for every reader of every page: in a language that
-- keeps their plans, and by keys alone, whatever the planner makes of tables that are still small.
-- standing_now says the same for all organisations at once; a test compares the two.

-- The communities and groups that an organisation is in now, the communities around those that an
-- agreement names, and itself; no unions.
create function base_audiences(organisation integer, realm smallint) returns setof integer
language plpgsql stable set search_path from current as $$
begin
  return query
    with recursive community as (
      select a.community_id as id from agreement_in_force a
      where a.organisation_id = organisation
        and (select c.realm_id from audience c where c.id = a.community_id) = realm
      union
      select w.outer_id from community join community_within w on w.inner_id = community.id
    )
    select id from community
    union
    select m.audience_id from audience_member m
    where m.organisation_id = organisation
      and (select g.realm_id from audience g where g.id = m.audience_id) = realm
    union
    select s.id from audience s where s.organisation_id = organisation and s.realm_id = realm;
end
$$;

-- What it is in, unions aside, and the highest ceiling of its valid agreements. Without a valid
-- agreement, or unless it is active, nothing (ceiling null). `self`: the audience that is the
-- organisation alone, which it has even while it may see nothing, so that withdrawals still reach it.
-- Whether it is in a union is asked of that one (see the policies), however many there are.
create function viewer_of(organisation integer, realm smallint,
                          out ceiling smallint, out audiences integer[], out self integer)
language plpgsql stable set search_path from current as $$
begin
  ceiling := (
    select max(a.tlp_ceiling) from agreement_in_force a
    where a.organisation_id = organisation
      and (select c.realm_id from audience c where c.id = a.community_id) = realm);
  audiences := '{}';
  if ceiling is not null then
    audiences := array(select base_audiences(organisation, realm));
  end if;
  self := (select s.id from audience s where s.organisation_id = organisation and s.realm_id = realm);
end
$$;

grant execute on function base_audiences, viewer_of to tocsin_server;
