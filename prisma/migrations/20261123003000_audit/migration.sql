-- The audit: append-only, in monthly partitions (prepare_audit makes them), which retention drops.
create sequence audit_number as bigint;
create table audit (
  id bigint not null default nextval('audit_number'),
  at timestamptz(6) not null default now(),
  organisation_id integer,
  -- The realm of the viewer, or null for an act that belongs to no realm.
  realm_id smallint default nullif(current_setting('tocsin.realm', true), '')::smallint,
  actor text not null,
  action text not null,
  request_id text,
  -- The client's network address. An entry contains only a salted hash of it, because the
  -- organisation that an act is about may not see the address of another organisation's member.
  address inet,
  address_salt uuid not null default gen_random_uuid(),
  detail jsonb not null,
  -- Random, so that nobody can guess the contents of a row from its hash.
  nonce uuid not null default gen_random_uuid(),
  primary key (id, at)
) partition by range (at);
alter sequence audit_number owned by audit.id;
alter table audit enable row level security, force row level security;

comment on column audit.organisation_id is 'No foreign key: an organisation can be deleted, its entries cannot.';
comment on column audit.realm_id is 'No foreign key: one more check for each entry, and realms are never deleted.';
comment on column audit.request_id is 'The id of a request, which is nowhere a row.';
