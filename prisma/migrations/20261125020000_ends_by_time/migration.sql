-- What time alone changes is noted by the sequencer in the moment in which it comes about, before it
-- moves anything else: so nothing that is shared after the end of an agreement reaches who lost it, not
-- even the id of it in a withdrawal.

alter table member_standing
  -- Until when it stays so by itself: an agreement begins or ends then. Infinity when none does.
  add column holds_until timestamptz(6) not null default 'infinity';
create index on member_standing (holds_until);

alter table announcement
  -- A withdrawal tells of objects that were shared before: when time took the right to see them.
  add column lost_at timestamptz(6) not null default 'infinity';

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

-- As before, and it notes how long this holds.
create or replace function note_standing() returns integer
language plpgsql security definer set search_path from current as $$
declare
  noted integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('tocsin.standing', 0));
  -- All parts of one statement see the same state, so the old standing is still there to compare.
  with present as materialized (
    select * from standing_now
  ), changed as (
    select change.*, p.organisation_id, p.realm_id,
      case when s.holds_until <= now() then s.holds_until else 'infinity' end as lost_at
    from present p join member_standing s using (organisation_id, realm_id), lateral (
      select 'put' as kind, a as audience_id, -1 as tlp_above, p.ceiling as tlp_to
      from unnest(p.audiences) a where a <> all (s.audiences)
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
  return noted;
end
$$;

-- Puts the next chunk of what is to be told in the inbox. Returns 0 when nothing was left to tell.
create or replace function spread_announcement() returns integer
language plpgsql set search_path from current as $$
declare
  chunk constant integer := 10000;
  job announcement;
  told integer;
begin
  select * into job from announcement order by id limit 1;
  if job.id is null then
    return 0;
  end if;
  insert into inbox (turn, kind, version_id, stix_id, organisation_id, audience_id, tlp, realm_id)
    select inbox_turn.turn, job.kind,
      case job.kind when 'put' then v.id end, case job.kind when 'withdraw' then v.stix_id end,
      v.organisation_id, self.id, case job.kind when 'put' then v.tlp else 0 end, v.realm_id
    from version v, inbox_turn, audience self
    where v.id > job.next_id and v.id <= least(job.last_id, job.next_id + chunk)
      and not v.superseded and v.realm_id = job.realm_id
      and v.organisation_id <> job.organisation_id
      and v.tlp > job.tlp_above and v.tlp <= job.tlp_to
      and (v.audience_id = job.audience_id or exists (
        select from audience_part p
        where p.audience_id = v.audience_id and p.part_id = job.audience_id))
      and self.organisation_id = job.organisation_id and self.realm_id = job.realm_id
      and (job.kind = 'put' or job.lost_at = 'infinity' or exists (
        select from version seen
        where seen.realm_id = v.realm_id and seen.stix_id = v.stix_id
          and seen.organisation_id = v.organisation_id and seen.accepted_at < job.lost_at))
    order by v.id;
  get diagnostics told = row_count;
  if job.next_id + chunk >= job.last_id then
    delete from announcement where id = job.id;
  else
    update announcement set next_id = job.next_id + chunk where id = job.id;
  end if;
  return greatest(told, 1);
end
$$;

-- As before, and what time has changed is noted first.
create or replace function sequence_inbox(batch_max integer, out moved integer, out head bigint)
language plpgsql security definer set search_path from current as $$
declare
  last_added timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('tocsin.sequencer', 0));
  if is_standing_due() then
    perform note_standing();
    perform pg_notify('tocsin_standing', '');
  end if;
  select seq, date_added into head, last_added from log order by seq desc limit 1;
  head := coalesce(head, 0);
  perform ensure_log_partition(head + 1);
  perform ensure_log_partition(head + batch_max);
  with taken as (
    delete from inbox where id in (select id from inbox order by id limit batch_max) returning *
  )
  insert into log
    select head + row_number() over (order by id), kind, version_id, stix_id, organisation_id,
      audience_id, tlp, realm_id,
      greatest(clock_now, last_added) + row_number() over (order by id) * interval '1 microsecond'
    from taken, (select clock_timestamp() as clock_now) as clock;
  get diagnostics moved = row_count;
  if moved > 0 then
    head := head + moved;
    perform pg_notify('tocsin_log', head::text);
  end if;
  perform turn_inbox();
  if moved < batch_max then
    moved := moved + spread_announcement();
  end if;
end
$$;

revoke execute on function is_standing_due from public;
grant execute on function is_standing_due to tocsin_server;
grant select on standing_now to tocsin_server;

select note_standing();
