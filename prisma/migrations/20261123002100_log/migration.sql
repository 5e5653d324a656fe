-- The one ordered list of what became visible to whom, and the inbox that it is filled from.
-- Neither has foreign keys: the log outlives what it names, and a row of the inbox is of the transaction
-- that wrote the version.

-- Writers fill one of the two tables; the sequencer empties both and truncates the idle one, so
-- that a held snapshot cannot make it swell with dead rows (switch_halves).
create sequence inbox_id_seq as bigint;
create table inbox (
  id bigint not null default nextval('inbox_id_seq'),
  turn smallint not null,
  kind text not null check (kind in ('put', 'withdraw')),
  version_id bigint,
  stix_id text,
  organisation_id integer not null,
  audience_id integer not null,
  tlp tlp_level not null,
  realm_id smallint not null,
  queued_at timestamptz(6) not null default clock_timestamp(),
  primary key (id, turn),
  check ((kind = 'put') = (version_id is not null)),
  check ((kind = 'withdraw') = (stix_id is not null))
) partition by list (turn);
create table inbox_0 partition of inbox for values in (0);
create table inbox_1 partition of inbox for values in (1);
alter sequence inbox_id_seq owned by inbox.id;

create table inbox_turn (turn smallint primary key check (turn in (0, 1)));
insert into inbox_turn values (0);

create table log (
  seq bigint primary key,
  kind text not null,
  version_id bigint,
  stix_id text,
  organisation_id integer not null,
  audience_id integer not null,
  tlp tlp_level not null,
  realm_id smallint not null,
  date_added timestamptz(6) not null
) partition by range (seq);
-- When a version came to whoever reads it by its id.
create index log_version on log (version_id) where version_id is not null;
-- For who was told that an object is withdrawn; puts bear no id.
create index on log (stix_id) where stix_id is not null;
-- Which unions are in use.
create index log_union on log (audience_id, organisation_id) where audience_id < 0;

alter table inbox enable row level security, force row level security;
alter table log enable row level security, force row level security;

comment on column inbox.version_id is 'No foreign key: written in the transaction that writes the version.';
comment on column inbox.stix_id is 'The object of a withdrawal, which need not have a version any more.';
comment on column inbox.organisation_id is 'Copied from the version, for row security.';
comment on column inbox.audience_id is 'No foreign key: sweep_unions looks into the inbox.';
comment on column inbox.realm_id is 'Copied from the version, for row security.';
comment on column log.version_id is 'No foreign key: the row stays when the version is purged.';
comment on column log.stix_id is 'The object of a withdrawal, which need not have a version any more.';
comment on column log.organisation_id is 'No foreign key: 0 in the rows that a wiped exercise leaves.';
comment on column log.audience_id is 'No foreign key: 0 in the rows that a wiped exercise leaves.';
comment on column log.realm_id is 'Copied from the version, for row security.';
