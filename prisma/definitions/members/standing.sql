-- Membership travels through the log. What an organisation may see is compared with what it was
-- last told it may see; what it gained is put again, addressed to it alone, and what it lost is
-- withdrawn from it. Row security applies at once; the rows that tell follow in chunks, behind
-- ordinary traffic (log/announcements).
-- Needs: members/agreements-in-force

create function is_standing_due() returns boolean
language sql stable set search_path from current as $$
  select exists (select from member_standing where holds_until <= now())
$$;

-- What every organisation may see in every realm that it is in: what viewer_of and base_audiences say
-- one by one, for all at once. `base`: what it is in, whether it may see anything of that or not.
create view standing_now as
  with recursive agreed as (
    select a.organisation_id, c.realm_id, a.community_id, a.tlp_ceiling
    from agreement_in_force a join audience c on c.id = a.community_id
  ), community as (
    select organisation_id, realm_id, community_id as audience_id from agreed
    union
    select k.organisation_id, k.realm_id, w.outer_id
    from community k join community_within w on w.inner_id = k.audience_id
  ), base as (
    select organisation_id, realm_id, audience_id from community
    union
    select m.organisation_id, g.realm_id, m.audience_id
    from audience_member m join audience g on g.id = m.audience_id
    union
    select organisation_id, realm_id, id from audience where organisation_id is not null
  ), ceiling as (
    select organisation_id, realm_id, max(tlp_ceiling)::smallint as ceiling
    from agreed group by organisation_id, realm_id
  ), seen as (
    select organisation_id, realm_id, array_agg(audience_id order by audience_id) as base
    from base group by organisation_id, realm_id
  ), edge as (
    select a.organisation_id, c.realm_id, min(edge) as holds_until
    from agreement a join audience c on c.id = a.community_id,
      unnest(array[a.valid_from, a.valid_until]) as edge
    where edge > now() group by a.organisation_id, c.realm_id
  )
  select self.organisation_id, self.realm_id, ceiling.ceiling,
    seen.base,
    case when ceiling.ceiling is null then '{}' else seen.base end as audiences,
    coalesce(edge.holds_until, 'infinity') as holds_until
  from audience self
    join seen using (organisation_id, realm_id)
    left join ceiling using (organisation_id, realm_id)
    left join edge using (organisation_id, realm_id)
  where self.organisation_id is not null;

-- Whether this transaction made the audience: nothing can have been shared with it yet.
create function is_new_audience(audience integer) returns boolean
language sql stable set search_path from current as $$
  select exists (
    select from audience a where a.id = audience and a.created_at = now()
      and a.xmin = pg_current_xact_id()::xid)
$$;

-- How what organisations may see differs from what they were last told:
--   none     not at all
--   unseen   only in what shows or hides nothing: an audience that this transaction made, or the time
--            at which the next agreement begins or ends
--   seen     somebody sees more or less of what is shared
create function standing_change() returns text
language sql stable set search_path from current as $$
  with differing as materialized (
    select s.organisation_id is null as new, p.ceiling, s.ceiling as told_ceiling, p.audiences,
      coalesce(s.audiences, '{}') as told_audiences
    from standing_now p left join member_standing s using (organisation_id, realm_id)
    where s.organisation_id is null or (p.ceiling, p.audiences, p.holds_until)
      is distinct from (s.ceiling, s.audiences, s.holds_until)
  )
  select case when count(*) = 0 then 'none'
    when bool_or(
      not new and ceiling is distinct from told_ceiling
      or exists (select from unnest(told_audiences) a where a <> all (audiences))
      or exists (select from unnest(audiences) a
        where a <> all (told_audiences) and not is_new_audience(a))) then 'seen'
    else 'unseen' end
  from differing
$$;

-- Compares what each organisation may see with what it was told, and notes what is to be told and how
-- long this holds. An organisation that is new was told nothing yet, and finds all of it in the log.
-- Only where somebody sees more or less than before, it waits for writers, who must know of everybody
-- who loses what they replace (tell_before_change), and for the sequencer: what comes into the log
-- meanwhile would be missed by those who gain it, and stay with those who lose it.
create function note_standing() returns integer
language plpgsql security definer set search_path from current as $$
declare
  change constant text := standing_change();
  noted integer;
begin
  if change = 'none' then
    return 0;
  end if;
  if change = 'seen' then
    perform take_lock('writers');
    perform take_lock('sequencer');
  end if;
  perform take_lock('standing');
  -- All parts of one statement see the same state, so the old standing is still there to compare.
  with present as materialized (
    select * from standing_now
  ), changed as (
    select change.*, p.organisation_id, p.realm_id,
      case when s.holds_until <= now() then s.holds_until else 'infinity' end as lost_at
    from present p join member_standing s using (organisation_id, realm_id), lateral (
      select 'put' as kind, a as audience_id, -1 as tlp_above, p.ceiling as tlp_to
      from unnest(p.audiences) a where a <> all (s.audiences) and not is_new_audience(a)
      union all
      select 'withdraw', a, -1, s.ceiling
      from unnest(s.audiences) a where a <> all (p.audiences)
      union all
      select case when p.ceiling > s.ceiling then 'put' else 'withdraw' end, a,
        least(p.ceiling, s.ceiling), greatest(p.ceiling, s.ceiling)
      from unnest(p.audiences) a where a = any (s.audiences) and p.ceiling <> s.ceiling
    ) as change
  ), announced as (
    insert into announcement
      (kind, organisation_id, realm_id, audience_id, tlp_above, tlp_to, lost_at, last_id)
    select kind, organisation_id, realm_id, audience_id, tlp_above, tlp_to, lost_at,
      (select coalesce(max(id), 0) from version)
    from changed
    returning id
  ), kept as (
    insert into member_standing (organisation_id, realm_id, ceiling, audiences, holds_until)
    select organisation_id, realm_id, ceiling, audiences, holds_until from present
    on conflict (organisation_id, realm_id) do update
      set ceiling = excluded.ceiling, audiences = excluded.audiences,
        holds_until = excluded.holds_until
      where (member_standing.ceiling, member_standing.audiences, member_standing.holds_until)
        is distinct from (excluded.ceiling, excluded.audiences, excluded.holds_until)
  )
  select count(*) into noted from announced;
  if noted > 0 and not holds_lock('sequencer') then
    -- Another transaction's change came in between. To be tried again.
    raise exception 'What organisations may see has changed meanwhile'
      using errcode = 'serialization_failure';
  end if;
  return noted;
end
$$;

grant select on standing_now to tocsin_server;
grant execute on function note_standing, is_standing_due to tocsin_server;
