-- An address has a user in each organisation that invited it, and none of them learns of the others.
-- All users of one address hash their passwords with one salt, so that signing in computes one hash
-- however many there are: the time that it takes would tell their number.

create table address_salt (
  -- In lower case.
  email text primary key check (email = lower(email)),
  salt bytea not null check (length(salt) = 16)
);

grant select, insert on address_salt to tocsin_server;
