-- Realms of their own for exercises, objects purged, and approvals that come from two people.

-- Whose word a key is --------------------------------------------------------------------------------

-- The key that made this one, or rotated another into it: whoever held that one was given the text
-- of this one. Null where the operator made it.
alter table api_key add column made_by text references api_key;

-- Objects purged -------------------------------------------------------------------------------------

-- Writers of versions hold the lock `writers` shared until they commit (asWriter); a purge holds it
-- exclusively, so that nobody brings back what they read before.

-- What is left of an object: its id, when and who. Why is told to nobody: a reason may quote what
-- must be gone, so only its SHA-256 is kept.
create table purged_object (
  realm_id smallint not null references realm,
  stix_id text not null,
  purged_at timestamptz(6) not null default now(),
  actor text not null,
  reason_hash bytea not null check (length(reason_hash) = 32),
  primary key (realm_id, stix_id)
);

-- The organisations that shared it, saw it, or were told before that they see it no more. To all
-- others an object that was purged is one that nobody ever had.
create table purged_witness (
  realm_id smallint not null,
  stix_id text not null,
  organisation_id integer not null references organisation,
  -- What was RED to a witness is refused only from his people with clearance: through a key nobody
  -- could know of it, and a refusal would tell.
  tlp smallint not null default 0 check (tlp in (0, 4)),
  primary key (realm_id, stix_id, organisation_id),
  foreign key (realm_id, stix_id) references purged_object
);
alter table purged_witness enable row level security, force row level security;
create policy owner_all on purged_witness to current_user using (true) with check (true);
create policy own on purged_witness for select to tocsin_app using (
  organisation_id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
  and realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
  and (tlp < 4 or (select nullif(current_setting('tocsin.cleared', true), '')::boolean))
);
grant select on purged_witness to tocsin_app;
grant select on purged_object to tocsin_server;

-- For who was told that an object is withdrawn; puts bear no id.
create index on log (stix_id) where stix_id is not null;

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
revoke execute on function purge_object from public;
grant execute on function purge_object to tocsin_server;

-- Whether an object is shared at TLP:RED alone, so that it does not exist for whoever has no clearance.
create function is_only_red(object text) returns boolean
language sql stable security definer set search_path from current as $$
  select coalesce(min(v.tlp) = 4, false)
  from version v
  where v.realm_id = any(array(select r.id from realm r)) and v.stix_id = object and not v.superseded
$$;
revoke execute on function is_only_red from public;
grant execute on function is_only_red to tocsin_server;

-- Realms ---------------------------------------------------------------------------------------------

alter table realm
  add column slug text unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  -- Within these times an exercise takes new content. Production has none.
  add column starts_at timestamptz(6),
  add column ends_at timestamptz(6),
  -- Of an exercise: everybody who takes part in it.
  add column community_id integer references audience,
  add column archived_at timestamptz(6),
  -- What is left of it, when its content is gone: when, who and why.
  add column wiped_at timestamptz(6),
  add column wiped_by text,
  add column wiped_because text,
  add check (ends_at > starts_at),
  add check (wiped_at is null or archived_at is not null);
update realm set slug = 'production' where id = 1;
alter table realm alter column slug set not null,
  add check ((id = 1) = (starts_at is null) and (id = 1) = (ends_at is null)),
  add check (id <> 1 or archived_at is null);

grant insert, update (community_id, archived_at, wiped_at, wiped_by, wiped_because) on realm
  to tocsin_server;

-- Whether a realm takes new content at this moment, for tocsin_app, which has no right on realms.
create function realm_is_open(realm smallint) returns boolean
language sql stable security definer set search_path from current as $$
  select exists (
    select from realm r where r.id = realm and r.archived_at is null
      and (r.starts_at is null or (r.starts_at <= now() and now() < r.ends_at)))
$$;

-- Deletes all content of an archived exercise, its log, subscriptions, groups and keys. Nobody
-- writes in it any more, so only the last step makes others wait. Runs under the lock `members`, as
-- a purge does.
create function wipe_realm(realm smallint) returns void
language plpgsql security definer set search_path from current as $$
declare
  head constant bigint := (select coalesce(max(l.seq), 0) from log l);
begin
  if not exists (select from realm r where r.id = realm and r.archived_at is not null) then
    raise exception 'realm % is not archived', realm using errcode = 'restrict_violation';
  end if;
  perform take_lock('members');
  delete from observable o where o.realm_id = realm;
  delete from version v where v.realm_id = realm;
  -- Its first and last places stay, as rows that say nothing to nobody: others have cursors there.
  with bounds as (select min(l.seq) as first, max(l.seq) as last from log l where l.realm_id = realm)
  delete from log l using bounds
    where l.realm_id = realm and l.seq > bounds.first and l.seq < bounds.last;
  update api_key k set revoked_at = coalesce(k.revoked_at, now()) where k.realm_id = realm;
  update agreement a set ended_at = coalesce(a.ended_at, now())
    from audience c where c.id = a.community_id and c.realm_id = realm;
  delete from subscription s where s.realm_id = realm;
  delete from audience_member m using audience g where g.id = m.audience_id and g.realm_id = realm;
  delete from audience_owner w using audience g where g.id = w.audience_id and g.realm_id = realm;
  delete from group_invitation i using audience g where g.id = i.audience_id and g.realm_id = realm;
  update audience g set name = g.slug, description = '' where g.realm_id = realm;

  -- `writers` too, which noting the change of membership takes in the same transaction.
  perform take_lock('writers');
  perform take_lock('sequencer');
  delete from inbox i where i.realm_id = realm;
  delete from announcement n where n.realm_id = realm;
  delete from member_standing m where m.realm_id = realm;
  update log l set kind = 'withdraw', version_id = null, stix_id = '', organisation_id = 0,
      audience_id = 0, tlp = 0
    where l.realm_id = realm
      and (l.seq > head or l.seq in (
        select min(o.seq) from log o where o.realm_id = realm
        union select max(o.seq) from log o where o.realm_id = realm));
  perform pg_notify('tocsin_gone', '');
end
$$;
revoke execute on function realm_is_open, wipe_realm from public;
grant execute on function realm_is_open to tocsin_app;
grant execute on function wipe_realm to tocsin_server;
