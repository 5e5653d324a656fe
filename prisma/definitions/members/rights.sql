-- Members are the server's: tocsin_app has no right on them.
grant select, insert on realm, community_within, agreement_approval, notice to tocsin_server;
grant update (community_id, archived_at, wiped_at, wiped_by, wiped_because) on realm to tocsin_server;
grant select, insert, update on organisation, audience, agreement to tocsin_server;
grant select, insert, update, delete on identity, organisation_logo to tocsin_server;
grant select, insert, delete on contact, audience_member, audience_owner, group_invitation to tocsin_server;
grant select on member_standing, announcement, union_use to tocsin_server;
grant select, delete on organisation_usage to tocsin_server;
