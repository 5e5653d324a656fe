-- Needs: members/known-organisations

-- Whether objects of a type have no versions: observables and marking definitions. stix/object.ts has the same list.
create function is_unversioned(type text) returns boolean
language sql immutable as $$
  select type = any('{artifact,autonomous-system,directory,domain-name,email-addr,email-message,file,ipv4-addr,ipv6-addr,mac-addr,marking-definition,mutex,network-traffic,process,software,url,user-account,windows-registry-key,x509-certificate}'::text[])
$$;

-- The slug of the organisation that shared a version with an audience; no row where the viewer may not know it,
-- because it gets the version through no audience whose members it may know. The planner puts this function in
-- line and, with the limit, remembers its results within a statement: a page of the log has few sharers.
create function sharer_told(organisation integer, audience integer) returns setof text
language sql stable rows 1 as $$
  select o.slug from known_organisation o where o.id = organisation and (
    o.id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
    or audience = any((select telling_audiences())::integer[])
    or audience < 0 and exists (
      select from audience_part p where p.audience_id = audience
        and p.part_id = any((select telling_audiences())::integer[])))
  limit 1
$$;

-- The versions that the viewer sees, with the level of each.
create view version_leveled with (security_invoker = true) as
  select v.*,
    -- An object without versions has one level for a viewer: the strictest at which it sees any share of it.
    -- Leans on version_current.
    case when is_unversioned(v.type) then greatest(v.tlp, (
      select max(o.tlp) from version o where o.realm_id = v.realm_id and o.stix_id = v.stix_id
        and not o.superseded and o.tlp > v.tlp)) else v.tlp end as level
  from version v;

-- The same with the slug of who shared each; null where the viewer may not know.
create view version_told with (security_invoker = true) as
  select v.*, told.slug as sharer
  from version_leveled v left join lateral sharer_told(v.organisation_id, v.audience_id) as told (slug) on true;

grant execute on function is_unversioned, sharer_told to tocsin_app;
grant select on version_leveled, version_told to tocsin_app;
