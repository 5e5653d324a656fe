-- Needs: content/version-told

-- Whether a withdrawal still holds: the reader sees no current version that its filter wants. One that the
-- filter does not want is not sent, so it cannot take the place of what was withdrawn.
create function is_withdrawn(filter log_filter, realm smallint, object text) returns boolean
language sql stable set search_path from current as $$
  select not exists (
    select from version w
    where w.realm_id = is_withdrawn.realm and w.stix_id = is_withdrawn.object and not w.superseded
      and (is_withdrawn.filter is null or is_wanted(
        is_withdrawn.filter, w.type, w.labels, w.confidence, w.created_by_ref, w.content)))
$$;

-- What of the log the viewer who has been entered may be served: row security holds for both tables. A
-- withdrawal is served only where is_withdrawn.
create view log_served with (security_invoker = true) as
  select l.seq, l.kind, coalesce(v.stix_id, l.stix_id) as stix_id, l.date_added, v.content,
    v.type, v.labels, v.confidence, v.created_by_ref as creator,
    v.level as tlp, v.references_at, told.slug as sharer, l.version_id, v.superseded, v.revoked, l.realm_id
  from log l left join version_leveled v on v.id = l.version_id
    -- Joined to all rows, not to each version by itself: else nothing would be remembered.
    left join lateral sharer_told(v.organisation_id, v.audience_id) as told (slug) on true
  where l.kind <> 'put' or v.id is not null
    -- Whoever joins what an older version went to has not seen it replaced.
    and (not v.superseded or exists (
      select from version c where c.realm_id = v.realm_id and c.stix_id = v.stix_id
        and c.organisation_id = v.organisation_id and not c.superseded));

grant execute on function is_withdrawn to tocsin_app;
grant select on log_served to tocsin_app;
