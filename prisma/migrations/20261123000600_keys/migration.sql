-- API keys, and with which other key or user each of them ends.
create table api_key (
  id text primary key,
  organisation_id integer not null references organisation,
  realm_id smallint not null references realm,
  role text not null check (role in ('admin', 'org_admin', 'publisher', 'analyst', 'feed')),
  label text not null default '',
  secret_hash bytea not null,
  created_at timestamptz(6) not null default now(),
  expires_at timestamptz(6),
  revoked_at timestamptz(6),
  last_used_at timestamptz(6),
  -- CIDRs from which it may be used; none means from anywhere.
  networks text[] not null default '{}',
  -- The first key of those that were rotated one into the other; null for that one itself.
  first_id text references api_key,
  -- The key that made this one, or rotated another into it: whoever held that one was given the text
  -- of this one. Null where the operator made it.
  made_by text references api_key,
  -- The key with which this one ends, and whose bounds it has: the one that asked for it. Null where
  -- the operator or a user made it.
  parent_id text references api_key,
  -- The user who made it: when that user is disabled, it is revoked.
  made_by_user uuid
);
create index on api_key (organisation_id);
create index on api_key (parent_id);
create index on api_key (made_by);
create index on api_key (made_by_user);
comment on column api_key.made_by_user is
  'No foreign key: who made a key is still known when the user is deleted.';
