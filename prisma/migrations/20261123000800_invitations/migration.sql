-- Links by which a user sets a password or names an account elsewhere, once.
create table invitation (
  token_hash bytea primary key,
  user_id uuid not null references user_account,
  -- Who made it: `key <id>` or `user <id>`; null for the operator.
  made_by text,
  -- The key with which it ends, where a key made it: that one, or its successor after a rotation.
  key_id text references api_key,
  created_at timestamptz(6) not null default now(),
  expires_at timestamptz(6) not null
);
create index on invitation (user_id);
create index on invitation (key_id);
comment on column invitation.made_by is
  'No foreign key: names a key or a user as the audit does, which are in two tables.';
