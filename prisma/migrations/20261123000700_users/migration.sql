-- People who use the server in person, and what stands in for their second factor.
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
