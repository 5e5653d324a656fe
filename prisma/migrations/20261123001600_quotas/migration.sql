-- What one organisation may have of something at most.

-- Bytes of objects and observables that an organisation stored on a day (UTC).
create table organisation_usage (
  organisation_id integer not null references organisation,
  day date not null,
  bytes bigint not null,
  primary key (organisation_id, day)
) with (fillfactor = 50);

-- Whoever adds something that has a quota locks its organisation's row for that quota.
create table quota_lock (
  organisation_id integer not null references organisation,
  quota text not null,
  primary key (organisation_id, quota)
);
