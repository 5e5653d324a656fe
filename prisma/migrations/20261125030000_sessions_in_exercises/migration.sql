-- A session belongs to one realm: production, or an exercise that the organisation takes part in.
alter table user_session add column realm_id smallint not null default 1 references realm;
