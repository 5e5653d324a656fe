-- What ends, unless something follows it that begins in time: another agreement of the same parties,
-- or what a key was rotated into.
create view ending as
  select 'agreement.expiring' as kind, a.id::text as subject, a.organisation_id,
    a.valid_from as begins_at, a.valid_until as ends_at, null as role
  from agreement a join organisation o on o.id = a.organisation_id
  where o.status = 'active' and a.approved_at is not null and a.ended_at is null
    and a.valid_until is not null
    and not exists (
      select from agreement next
      where next.organisation_id = a.organisation_id and next.community_id = a.community_id
        and next.id <> a.id and next.approved_at is not null and next.ended_at is null
        and next.valid_from <= a.valid_until
        and (next.valid_until is null or next.valid_until > a.valid_until))
  union all
  select 'key.expiring', k.id, k.organisation_id, k.created_at, k.expires_at, k.role
  from api_key k
  where k.revoked_at is null and k.expires_at is not null
    and not exists (
      select from api_key next
      where next.first_id = coalesce(k.first_id, k.id) and next.created_at > k.created_at
        and next.revoked_at is null);

grant select on ending to tocsin_server;
