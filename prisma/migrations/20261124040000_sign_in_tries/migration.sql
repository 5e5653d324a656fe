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
grant select, insert, update, delete on sign_in_tries to tocsin_server;
