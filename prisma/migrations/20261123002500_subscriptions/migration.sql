-- The webhook endpoints of members, each with a filter and a cursor on the log, and the workers that
-- deliver to them.
create table subscription (
  id uuid primary key,
  organisation_id integer not null references organisation,
  realm_id smallint not null references realm,
  -- Encrypted: a URL often carries a token.
  url bytea not null,
  description text not null default '',
  filter jsonb not null default '{}',
  secret bytea not null,
  state text not null default 'active' check (state in ('active', 'paused', 'disabled')),
  reason text,
  cursor bigint not null,
  -- How often its owner has changed it or set its cursor: what a worker began before that does not count.
  revision integer not null default 0,
  -- How often its owner has set the cursor.
  moves integer not null default 0,
  -- Up to here, it is sent current versions only: it began at the beginning, and its receiver has nothing
  -- of which a version up to here could be the end.
  current_to bigint not null default 0,
  batch_max integer not null default 500 check (batch_max between 1 and 500),
  -- How long objects may gather before they are sent.
  linger_ms integer not null default 0 check (linger_ms between 0 and 60000),
  -- Whether objects are sent without the reference to their TLP level.
  as_posted boolean not null default false,
  batch_now integer,
  retry_to bigint,
  failures integer not null default 0,
  refusals integer not null default 0,
  dead_letters integer not null default 0,
  failing_since timestamptz(6),
  next_attempt_at timestamptz(6) not null default now(),
  lease_owner uuid,
  lease_until timestamptz(6),
  created_at timestamptz(6) not null default now()
) with (fillfactor = 50);
create index on subscription (organisation_id);
comment on column subscription.lease_owner is
  'No foreign key: a worker that is gone loses its leases when they run out, not when its row goes.';

create table worker (
  id uuid primary key,
  seen_at timestamptz(6) not null default now()
);

alter table subscription enable row level security, force row level security;
