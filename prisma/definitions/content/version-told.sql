-- Needs: members/known-organisations

-- Whether objects of a type have no versions: observables and marking definitions. stix/object.ts has the same list.
create function is_unversioned(type text) returns boolean
language sql immutable as $$
  select type = any('{artifact,autonomous-system,directory,domain-name,email-addr,email-message,file,ipv4-addr,ipv6-addr,mac-addr,marking-definition,mutex,network-traffic,process,software,url,user-account,windows-registry-key,x509-certificate}'::text[])
$$;

-- The versions that the viewer sees, with the slug of who shared each; null where the viewer may not know:
-- it gets the version through no audience whose members it may know.
create view version_told with (security_invoker = true) as
  select v.*, (
    select o.slug from known_organisation o where o.id = v.organisation_id and (
      o.id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
      or v.audience_id = any((select telling_audiences())::integer[])
      or v.audience_id < 0 and exists (
        select from audience_part p where p.audience_id = v.audience_id
          and p.part_id = any((select telling_audiences())::integer[])))) as sharer,
    -- An object without versions has one level for a viewer: the strictest at which it sees any share of it.
    -- Leans on version_current.
    case when is_unversioned(v.type) then greatest(v.tlp, (
      select max(o.tlp) from version o where o.realm_id = v.realm_id and o.stix_id = v.stix_id
        and not o.superseded and o.tlp > v.tlp)) else v.tlp end as level
  from version v;

grant execute on function is_unversioned to tocsin_app;
grant select on version_told to tocsin_app;
