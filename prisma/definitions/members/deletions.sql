-- Deleting users, and organisations and communities that nothing refers to. The server itself has no right
-- to delete any of them: these functions delete one, with all that is stored about it alone.

create function delete_user(wanted uuid) returns void
language sql security definer set search_path from current as $$
  delete from user_session where user_id = wanted;
  delete from recovery_code where user_id = wanted;
  delete from invitation where user_id = wanted;
  delete from account_reset where user_id = wanted;
  delete from user_account where id = wanted;
$$;

-- What there is of an organisation, or for it, in a few words each; nothing for one that is empty.
-- (Of the audit, what administrators did about it does not count: nobody has acted for it.)
create function organisation_holdings(wanted integer) returns setof text
language sql stable security definer set search_path from current as $$
  with own as (select id from audience where organisation_id = wanted)
  select 'keys' where exists (select from api_key where organisation_id = wanted)
  union all select 'users' where exists (select from user_account where organisation_id = wanted)
  union all select 'subscriptions'
    where exists (select from subscription where organisation_id = wanted)
  union all select 'objects that it shared'
    where exists (select from version where organisation_id = wanted)
      or exists (select from union_use where organisation_id = wanted)
  union all select 'objects shared with it alone'
    where exists (select from version where audience_id in (select id from own))
      or exists (select from audience_part where part_id in (select id from own))
  union all select 'sharing groups'
    where exists (select from audience_member where organisation_id = wanted)
      or exists (select from audience_owner where organisation_id = wanted)
      or exists (select from group_invitation where wanted in (organisation_id, inviter_id))
  union all select 'entries of the audit'
    where exists (select from audit where organisation_id = wanted
                   and action !~ '^(organisation|agreement|realm|group|user|key)[.]')
      or exists (select from audit_leaf l where l.organisation_id = wanted
                   and not exists (select from audit a where a.id = l.audit_id))
      or exists (select from disclosure where organisation_id = wanted)
$$;

-- What refers to a community.
create function community_holdings(wanted integer) returns setof text
language sql stable security definer set search_path from current as $$
  select 'agreements, ended ones included'
    where exists (select from agreement where community_id = wanted)
  union all select 'organisations whose default it is'
    where exists (select from organisation where default_community_id = wanted)
  union all select 'communities within it or around it'
    where exists (select from community_within where wanted in (inner_id, outer_id))
  union all select 'objects shared with it'
    where exists (select from version where audience_id = wanted)
      or exists (select from audience_part where part_id = wanted)
$$;

-- Only for one without holdings: otherwise a foreign key refuses it.
create function delete_organisation(wanted integer) returns void
language sql security definer set search_path from current as $$
  delete from agreement_approval
    where agreement_id in (select id from agreement where organisation_id = wanted);
  delete from notice where organisation_id = wanted;
  delete from agreement where organisation_id = wanted;
  delete from announcement where organisation_id = wanted;
  delete from member_standing where organisation_id = wanted;
  delete from quota_lock where organisation_id = wanted;
  delete from organisation_usage where organisation_id = wanted;
  delete from organisation_logo where organisation_id = wanted;
  delete from contact where organisation_id = wanted;
  delete from identity where organisation_id = wanted;
  delete from purged_witness where organisation_id = wanted;
  delete from audience where organisation_id = wanted;
  delete from organisation where id = wanted;
$$;

create function delete_community(wanted integer) returns void
language sql security definer set search_path from current as $$
  delete from announcement where audience_id = wanted;
  delete from audience where id = wanted and kind = 'community';
$$;

grant execute on function delete_user, organisation_holdings, community_holdings, delete_organisation,
  delete_community to tocsin_server;
