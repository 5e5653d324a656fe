-- Takes an object out of every realm: all versions of all sharers, what was drawn out of them, and
-- whatever receivers may have quoted of them. Whoever sees a current version, or shared it, gets a withdrawal,
-- since no other is ever shown.
-- Returns how many versions there were, how many organisations are told, and who shared it.
create function purge_object(object text, by_actor text, because bytea,
                             out versions integer, out told integer, out sharers integer[])
language plpgsql security definer set search_path from current as $$
declare
  gone bigint[];
  since timestamptz;
begin
  -- `members`, since a wipe deletes versions, too; `writers`, so that nobody brings back what they
  -- read before; `sequencer`, so that no row is on its way to the log.
  perform take_lock('members');
  perform take_lock('writers');
  perform take_lock('sequencer');
  -- Realm by realm, so that the index that begins with it serves.
  select count(*), array_agg(v.id), min(v.accepted_at),
      coalesce(array_agg(distinct v.organisation_id), '{}')
    into versions, gone, since, sharers
    from version v where v.realm_id = any(array(select r.id from realm r)) and v.stix_id = object;
  if versions = 0 then
    told := 0;
    return;
  end if;
  insert into purged_object (realm_id, stix_id, actor, reason_hash)
    select distinct v.realm_id, object, by_actor, because from version v where v.id = any(gone)
    on conflict (realm_id, stix_id) do update
      set purged_at = now(), actor = excluded.actor, reason_hash = excluded.reason_hash;

  with current as (
    select v.realm_id, v.audience_id, v.organisation_id, v.tlp
    from version v where v.id = any(gone) and not v.superseded
  ), seer as (
    -- The lowest rank at which each sees it.
    select self.realm_id, self.organisation_id, self.id as self, seen.tlp, seen.own
    from audience self, lateral viewer_of(self.organisation_id, self.realm_id) as viewer, lateral (
      select min(c.tlp) as tlp, bool_or(c.organisation_id = self.organisation_id) as own from current c
      where c.realm_id = self.realm_id and (c.organisation_id = self.organisation_id
        or c.tlp <= viewer.ceiling and is_reached(c.audience_id, viewer.audiences))
    ) as seen
    where self.kind = 'organisation' and self.realm_id in (select c.realm_id from current c)
      and seen.tlp is not null
  ), formerly as (
    select w.realm_id, coalesce(p.organisation_id, a.organisation_id) as organisation_id, w.tlp
    from (select l.realm_id, l.audience_id, l.tlp from log l where l.stix_id = object
          union select i.realm_id, i.audience_id, i.tlp from inbox i where i.stix_id = object) as w
      join audience a on a.id = w.audience_id
      left join audience_part u on u.audience_id = a.id left join audience p on p.id = u.part_id
  ), witness as (
    insert into purged_witness (realm_id, stix_id, organisation_id, red)
    select w.realm_id, object, w.organisation_id, bool_and(w.red)
    from (
      -- Whoever shared it posted it, with whatever clearance.
      select realm_id, organisation_id, tlp = tlp_red() and not own as red from seer
      union all
      select realm_id, organisation_id, tlp = tlp_red() from formerly
      where organisation_id is not null and realm_id in (select c.realm_id from current c)
    ) as w
    group by w.realm_id, w.organisation_id
    on conflict (realm_id, stix_id, organisation_id) do update
      set red = purged_witness.red and excluded.red
  )
  insert into inbox (turn, kind, stix_id, organisation_id, audience_id, tlp, realm_id)
    select inbox_turn.turn, 'withdraw', object, seer.organisation_id, seer.self,
      withdrawal_level(seer.tlp), seer.realm_id
    from seer, inbox_turn;
  get diagnostics told = row_count;

  delete from inbox i where i.version_id = any(gone);
  delete from observable o where o.version_id = any(gone);
  delete from link l where l.version_id = any(gone);
  perform drop_search_rows(gone);
  delete from version v where v.id = any(gone);
  -- What receivers answered may be what they were sent. The subscriptions are locked first, as by
  -- whoever deletes one with all that belongs to it.
  perform from subscription s join purged_witness w on w.organisation_id = s.organisation_id
    where w.realm_id = s.realm_id and w.stix_id = object
    order by s.id for key share of s;
  update dead_letter d set detail = 'Taken out: the object was purged' where d.stix_id = object;
  update attempt t set detail = 'Taken out: an object was purged'
    where t.detail is not null and t.started_at >= since and t.subscription_id in (
      select s.id from subscription s join purged_witness w on w.organisation_id = s.organisation_id
      where w.realm_id = s.realm_id and w.stix_id = object);
  perform pg_notify('tocsin_gone', '');
end
$$;

-- Whether an object is shared at TLP:RED alone, so that it does not exist for whoever has no clearance.
create function is_only_red(object text) returns boolean
language sql stable security definer set search_path from current as $$
  select coalesce(min(v.tlp) = tlp_red(), false)
  from version v
  where v.realm_id = any(array(select r.id from realm r)) and v.stix_id = object and not v.superseded
$$;

grant execute on function purge_object, is_only_red to tocsin_server;
