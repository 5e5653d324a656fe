-- People who use the server in person: users of organisations, how they come in, and for how long.

create table user_account (
  id uuid primary key default gen_random_uuid(),
  organisation_id integer not null references organisation,
  realm_id smallint not null references realm,
  -- In lower case, so that nobody is in an organisation twice. Other organisations may have invited
  -- the same person; who they are is nobody else's business.
  email text not null check (email = lower(email)),
  name text not null,
  role text not null check (role in ('admin', 'org_admin', 'publisher', 'analyst')),
  red_clearance boolean not null default false,
  status text not null default 'invited' check (status in ('invited', 'active', 'disabled')),
  -- Argon2id in the PHC string form; null for who has no password.
  password_hash text,
  -- Sealed; it counts from the moment in which it was confirmed.
  totp_secret bytea,
  totp_confirmed_at timestamptz(6),
  -- The last step of 30 s of which a code was taken: none is taken twice.
  totp_step bigint,
  -- Who it is at the identity provider.
  oidc_issuer text,
  oidc_subject text,
  created_at timestamptz(6) not null default now(),
  last_sign_in_at timestamptz(6),
  unique (organisation_id, email),
  unique (oidc_issuer, oidc_subject),
  check ((oidc_issuer is null) = (oidc_subject is null)),
  check (totp_secret is not null or totp_confirmed_at is null)
);
create index on user_account (email);

-- Codes that stand in for the second factor, once each; SHA-256 of 120 random bits.
create table recovery_code (
  user_id uuid not null references user_account,
  code_hash bytea not null,
  primary key (user_id, code_hash)
);

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
revoke execute on function maker_could_grant from public;

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

-- Approvals of people -----------------------------------------------------------------------------

-- From whose act the standing of a key or user stems (`key <id>` or `user <id>`, as the audit names
-- them): who invited, promoted, enabled or reset a user, or made a key. What the one does may be the
-- work of the other, so the two are one person where two are required. Only the operator removes this.
create table handed_to (
  actor text not null,
  maker text not null,
  primary key (actor, maker)
);

-- A key or user with all from which it descends. Two that have one in common may be in one hand.
create function lines_of(of text) returns setof text
language sql stable set search_path from current as $$
  with recursive line as (
    select of as actor
    union
    select above.maker
    from line join (
      select actor, maker from handed_to
      union all
      select 'key ' || k.id, 'key ' || above.id
      from api_key k join api_key above on above.id in (k.first_id, k.made_by)
    ) as above on above.actor = line.actor
  )
  select line.actor from line
$$;
revoke execute on function lines_of from public;

alter table agreement_approval
  alter column key_id drop not null,
  add column user_id uuid references user_account,
  add check ((key_id is null) <> (user_id is null));

grant execute on function lines_of, maker_could_grant to tocsin_server;
grant select, insert, update on user_account to tocsin_server;
grant select, insert, delete on recovery_code, invitation, handed_to to tocsin_server;
-- A rotation hands invitations to the successor of a key.
grant update (key_id) on invitation to tocsin_server;
grant select, insert, update, delete on user_session, refresh_token to tocsin_server;
