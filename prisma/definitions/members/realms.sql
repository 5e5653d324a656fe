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
  delete from link l where l.realm_id = realm;
  perform drop_search_rows(array(select v.id from version v where v.realm_id = realm));
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
      audience_id = 0, tlp = tlp_clear()
    where l.realm_id = realm
      and (l.seq > head or l.seq in (
        select min(o.seq) from log o where o.realm_id = realm
        union select max(o.seq) from log o where o.realm_id = realm));
  perform pg_notify('tocsin_gone', '');
end
$$;

grant execute on function realm_is_open to tocsin_app;
grant execute on function wipe_realm to tocsin_server;
