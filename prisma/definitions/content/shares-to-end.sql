-- Where the creator of an object (the member whose identity is its created_by_ref) revokes it, what
-- others share of it ends too. Of these objects, which members have a share to be ended: only of
-- what the organisation that has been entered created and has revoked itself, and nothing of what
-- is in it. Leans on version_current.
create function shares_to_end(stix_ids text[])
returns table (organisation_id integer, stix_id text)
language sql stable security definer set search_path from current as $$
  with mine as (
    select realm_id, organisation_id, stix_id,
      array(select i.stix_id from identity i where i.organisation_id = v.organisation_id) as identities
    from version v
    where realm_id = nullif(current_setting('tocsin.realm', true), '')::smallint
      and organisation_id = nullif(current_setting('tocsin.organisation', true), '')::integer
      and stix_id = any(stix_ids) and revoked and not superseded
      and exists (select from identity i
        where i.organisation_id = v.organisation_id and i.stix_id = v.created_by_ref)
  )
  select other.organisation_id, other.stix_id
  from mine join version other on other.realm_id = mine.realm_id and other.stix_id = mine.stix_id
    and not other.superseded
  where other.organisation_id <> mine.organisation_id and not other.revoked
    and other.created_by_ref = any(mine.identities)
$$;

grant execute on function shares_to_end to tocsin_app;
