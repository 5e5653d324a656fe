-- Whom the viewer who has been entered may know by name.

-- The organisations that the viewer may know by name: those that take part, and its own. None without a
-- viewer.
create view known_organisation as
  select id, slug from organisation
  where nullif(current_setting('tocsin.organisation', true), '') is not null
    and (status = 'active' or id = nullif(current_setting('tocsin.organisation', true), '')::integer);

-- Of the audiences that the viewer who has been entered is in, those in which it may know the others: not a
-- group with hidden members, unless it owns that. sharing/reach.ts has the same rule.
create function telling_audiences() returns integer[]
language sql stable security definer set search_path from current as $$
  select coalesce(array_agg(a.id), '{}') from audience a
  where a.id = any(nullif(current_setting('tocsin.audiences', true), '')::integer[])
    and (not a.hidden_members or exists (
      select from audience_owner w where w.audience_id = a.id
        and w.organisation_id = nullif(current_setting('tocsin.organisation', true), '')::integer))
$$;

grant select on known_organisation to tocsin_app;
grant execute on function telling_audiences to tocsin_app;
