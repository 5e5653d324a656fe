-- To whom the versions of an object are addressed: no content, and only to who knows its id. For
-- an administrator, who may ask why somebody sees it without seeing it himself.
create function version_addresses(realm smallint, object text, row_max integer)
returns table (organisation_id integer, modified timestamptz, audience_id integer, tlp smallint,
               revoked boolean, superseded boolean)
language sql stable security definer set search_path from current as $$
  select v.organisation_id, v.modified, v.audience_id, v.tlp, v.revoked, v.superseded
  from version v where v.realm_id = realm and v.stix_id = object
  order by v.modified desc, v.organisation_id limit row_max
$$;

grant execute on function version_addresses to tocsin_server;
