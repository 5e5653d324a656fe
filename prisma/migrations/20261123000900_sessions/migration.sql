-- A session is a family of refresh tokens of which one is good: using an older one ends them all.
create table user_session (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references user_account,
  started_by text not null check (started_by in ('password', 'single_sign_on')),
  -- Whether the identity provider said that a second factor was used.
  second_factor_elsewhere boolean not null default false,
  client text not null,
  address text not null,
  created_at timestamptz(6) not null default now(),
  used_at timestamptz(6) not null default now(),
  expires_at timestamptz(6) not null,
  ended_at timestamptz(6),
  -- It belongs to one realm: production, or an exercise that the organisation takes part in.
  realm_id smallint not null default 1 references realm
);
create index on user_session (user_id);

create table refresh_token (
  token_hash bytea primary key,
  session_id uuid not null references user_session on delete cascade,
  expires_at timestamptz(6) not null,
  replaced_by bytea
);
create index on refresh_token (session_id);
comment on column refresh_token.replaced_by is
  'No foreign key: the hash of a token whose row goes when it expires, before or after this one.';
