-- Whether whoever made an invitation could give its user what that user has, at this time. Revoking a key
-- revokes all that descend from it, so the two keys that an invitation names stand for their whole line.
create function maker_could_grant(i invitation, at timestamptz) returns boolean
language sql stable set search_path from current as $$
  select i.made_by is null or exists (
    select
    from user_account u,
      (select k.organisation_id, k.realm_id, k.role, k.role = 'admin' as cleared
       from api_key k join api_key inviter on inviter.id = substr(i.made_by, 5)
       where i.made_by like 'key %' and k.id = i.key_id
         and k.revoked_at is null and (k.expires_at is null or k.expires_at > at)
         and inviter.revoked_at is null
       union all
       select m.organisation_id, m.realm_id, m.role, m.role = 'admin' or m.red_clearance
       from user_account m
       where m.id = case when i.made_by like 'user %' then substr(i.made_by, 6)::uuid end
         and m.status = 'active') as maker,
      viewer_of(maker.organisation_id, maker.realm_id) as standing
    where u.id = i.user_id and standing.ceiling is not null
      and (maker.role = 'admin'
        or (maker.role = 'org_admin' and u.role <> 'admin'
          and maker.organisation_id = u.organisation_id))
      and (maker.cleared or not u.red_clearance))
$$;

grant execute on function maker_could_grant to tocsin_server;
