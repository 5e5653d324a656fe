-- Nobody is put into a sharing group without consent: an organisation that another one adds is invited,
-- and is in the group once it has accepted. Invitations that wait for an answer are no part of what anybody
-- may see: viewer_of and standing_now do not know them.
create table group_invitation (
  audience_id integer not null references audience,
  organisation_id integer not null references organisation,
  part text not null check (part in ('member', 'owner')),
  -- Null for the operator.
  inviter_id integer references organisation,
  invited_at timestamptz(6) not null default now(),
  primary key (audience_id, organisation_id, part)
);
create index on group_invitation (organisation_id);
create index on group_invitation (inviter_id);
