-- What is left of an object that was purged: its id, when and who. Why is told to nobody: a reason may quote
-- what must be gone, so only its SHA-256 is stored.
create table purged_object (
  realm_id smallint not null references realm,
  stix_id text not null,
  purged_at timestamptz(6) not null default now(),
  actor text not null,
  reason_hash bytea not null check (length(reason_hash) = 32),
  primary key (realm_id, stix_id)
);
comment on column purged_object.stix_id is 'The id of the object, whose versions are gone.';

-- The organisations that shared it, saw it, or were told before that they see it no more. To all
-- others an object that was purged is one that nobody ever had.
create table purged_witness (
  realm_id smallint not null,
  stix_id text not null,
  organisation_id integer not null references organisation,
  -- What was RED to a witness is refused only from its people with clearance: through a key nobody
  -- could know of it, and a refusal would tell.
  red boolean not null default false,
  primary key (realm_id, stix_id, organisation_id),
  foreign key (realm_id, stix_id) references purged_object
);
alter table purged_witness enable row level security, force row level security;
