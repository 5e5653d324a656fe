-- How far each reader has read, by which door, and how far of that the audit tells.
create table disclosure (
  reader text not null,
  door text not null,
  realm_id smallint not null,
  organisation_id integer not null references organisation,
  place bigint not null default 0,
  objects bigint not null default 0,
  noted_place bigint not null default 0,
  noted_objects bigint not null default 0,
  noted_at timestamptz(6) not null default '-infinity',
  -- The newest entry about a reader has the hash of this and of what the row said then.
  salt uuid not null default gen_random_uuid(),
  primary key (reader, door, realm_id)
) with (fillfactor = 50);
comment on column disclosure.realm_id is 'No foreign key: the realm of the reader, which is checked when it is entered.';
