-- TLP:RED is for people with clearance, and so is the word that such an object is gone. A withdrawal
-- is of rank 4 where what it takes away was RED to whom it is addressed, and of rank 0 otherwise.
-- It reaches whoever it is addressed to, whatever else he may see by now.

drop policy told on log;
create policy told on log for select to tocsin_app using (
  kind = 'withdraw'
  and realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
  and audience_id = any ((select nullif(current_setting('tocsin.told', true), '')::integer[])::integer[])
  and (tlp < 4 or (select nullif(current_setting('tocsin.cleared', true), '')::boolean))
);

-- As before, and `told`: the audiences to which what an organisation has lost is addressed. That is
-- itself. Where it sees nothing now, and for who has clearance but whose organisation may not see
-- RED any more, also those in which it stands together with others.
drop function reader_of;
create function reader_of(organisation integer, realm smallint, cleared boolean,
                          out ceiling smallint, out audiences integer[], out told integer[])
language sql stable security definer set search_path from current as $$
  select viewer.ceiling, viewer.audiences,
    case when viewer.ceiling is null or (cleared and viewer.ceiling < 4)
      then array(
        select viewer.self union select p.audience_id from audience_part p where p.part_id = viewer.self)
      else array[viewer.self] end
  from viewer_of(organisation, realm) as viewer
$$;

-- As before, and whether each reader has clearance.
create or replace function read_log(readers json) returns table (reader integer, lines text)
language plpgsql stable set search_path from current as $$
declare
  r record;
begin
  for r in
    select * from rows from (json_to_recordset(readers) as (organisation integer, realm smallint,
      ceiling smallint, cleared boolean, after bigint, up_to bigint, row_max integer, bare boolean,
      types text[], labels text[], confidence_min smallint, producers integer[], creators text[])
    ) with ordinality
  loop
    -- A key or a door may see less than its organisation, never more.
    perform set_config('tocsin.organisation', r.organisation::text, true),
      set_config('tocsin.realm', r.realm::text, true),
      set_config('tocsin.audiences', present.audiences::text, true),
      set_config('tocsin.ceiling', least(coalesce(present.ceiling, -1), r.ceiling)::text, true),
      set_config('tocsin.cleared', r.cleared::text, true),
      set_config('tocsin.told', present.told::text, true)
    from reader_of(r.organisation, r.realm, r.cleared) as present;
    return query
      select r.ordinality::integer - 1,
        string_agg(case when r.bare then page.seq::text else concat_ws(E'\t', page.seq, page.kind,
          page.stix_id, (date_part('epoch', page.date_added) * 1000000)::bigint, page.content) end,
          case when r.bare then ' ' else E'\n' end order by page.seq)
      from (
        select l.seq, l.kind, coalesce(v.stix_id, l.stix_id) as stix_id, v.content, l.date_added
        from log l left join version v on v.id = l.version_id
        where l.seq > r.after and l.seq <= r.up_to
          and case l.kind
            when 'put' then v.id is not null
              -- Whoever joins what an older version went to has not seen it replaced.
              and (not v.superseded or exists (
                select from version c where c.realm_id = v.realm_id and c.stix_id = v.stix_id
                  and c.organisation_id = v.organisation_id and not c.superseded))
              and (r.types is null or v.type = any(r.types))
              and (r.labels is null or v.labels && r.labels)
              and (r.confidence_min is null or v.confidence >= r.confidence_min)
              and (r.producers is null and r.creators is null
                or v.organisation_id = any(r.producers) or v.created_by_ref = any(r.creators))
            else not exists (
              select from version w where w.realm_id = l.realm_id and w.stix_id = l.stix_id
                and not w.superseded)
            end
        order by l.seq limit r.row_max
      ) as page;
  end loop;
  perform set_config('tocsin.organisation', '', true), set_config('tocsin.realm', '', true),
    set_config('tocsin.audiences', '', true), set_config('tocsin.ceiling', '', true),
    set_config('tocsin.cleared', '', true), set_config('tocsin.told', '', true);
end
$$;

-- As before; what was RED is withdrawn as RED.
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
      v.organisation_id, self.id, case when job.kind = 'put' or v.tlp = 4 then v.tlp else 0 end,
      v.realm_id
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

-- What was RED to a witness is refused only from his people with clearance: through a key nobody
-- could know of it, and a refusal would tell.
alter table purged_witness add column tlp smallint not null default 0 check (tlp in (0, 4));
alter policy own on purged_witness using (
  organisation_id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
  and realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
  and (tlp < 4 or (select nullif(current_setting('tocsin.cleared', true), '')::boolean))
);

-- As before; and only who sees a current version is told, since no other is ever shown.
create or replace function purge_object(object text, by_actor text, because bytea,
                                        out versions integer, out told integer, out sharers integer[])
language plpgsql security definer set search_path from current as $$
declare
  gone bigint[];
  since timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('tocsin.writers', 0)),
    pg_advisory_xact_lock(hashtextextended('tocsin.sequencer', 0));
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
        or c.tlp <= viewer.ceiling and c.audience_id = any(viewer.audiences))
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
    insert into purged_witness (realm_id, stix_id, organisation_id, tlp)
    select w.realm_id, object, w.organisation_id, min(w.tlp)
    from (
      -- Whoever shared it posted it, with whatever clearance.
      select realm_id, organisation_id, case when tlp = 4 and not own then 4 else 0 end as tlp from seer
      union all
      select realm_id, organisation_id, tlp from formerly
      where organisation_id is not null and realm_id in (select c.realm_id from current c)
    ) as w
    group by w.realm_id, w.organisation_id
    on conflict (realm_id, stix_id, organisation_id) do update
      set tlp = least(purged_witness.tlp, excluded.tlp)
  )
  insert into inbox (turn, kind, stix_id, organisation_id, audience_id, tlp, realm_id)
    select inbox_turn.turn, 'withdraw', object, seer.organisation_id, seer.self,
      case seer.tlp when 4 then 4 else 0 end, seer.realm_id
    from seer, inbox_turn;
  get diagnostics told = row_count;

  delete from inbox i where i.version_id = any(gone);
  delete from observable o where o.version_id = any(gone);
  delete from version v where v.id = any(gone);
  -- What receivers answered may be what they were sent.
  update dead_letter d set detail = 'Taken out: the object was purged' where d.stix_id = object;
  update attempt t set detail = 'Taken out: an object was purged'
    where t.detail is not null and t.started_at >= since and t.subscription_id in (
      select s.id from subscription s join purged_witness w on w.organisation_id = s.organisation_id
      where w.realm_id = s.realm_id and w.stix_id = object);
  perform pg_notify('tocsin_gone', '');
end
$$;

revoke execute on function reader_of from public;
grant execute on function reader_of to tocsin_app;
