-- How often somebody tried to sign in, for all processes together and across restarts.
create table sign_in_tries (
  -- SHA-256 of whose tries: an account with a network, a browser, a user with codes.
  what bytea primary key,
  tries integer not null,
  forget_at timestamptz(6) not null,
  -- Until then no further one is let through.
  wait_until timestamptz(6)
);
create index on sign_in_tries (forget_at);

-- An address has a user in each organisation that invited it, and none of them learns of the others.
-- All users of one address hash their passwords with one salt, so that signing in computes one hash
-- however many there are: the time that it takes would tell their number.
create table address_salt (
  -- In lower case.
  email text primary key check (email = lower(email)),
  salt bytea not null check (length(salt) = 16)
);
